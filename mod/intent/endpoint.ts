/**
 * Endpoints: the record, its addresses and its host's port number are made, changed and deleted in one transaction.
 * @module
 */
import { isHeldBy, lowestFreeNumber } from "../alloc/numbers.ts";
import type {
  Allocation,
  Attachment,
  EndpointState,
  NetworkState,
  Owner,
} from "../model/records.ts";
import { NAME } from "../model/grammar.ts";
import { formatAddress, parseAddress } from "../net/address.ts";
import { macOfIPv4, parseMac } from "../net/mac.ts";
import {
  endpointKey,
  ENDPOINTS,
  endpointStatusKey,
  networkId,
  NETWORKS,
  portKey,
  portPrefix,
} from "../state/keys.ts";
import { type Plan, unchanged } from "../state/plan.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";
import type { HostContext } from "./context.ts";
import { Draft } from "./draft.ts";
import {
  chooseAddress,
  giveBack,
  noSubnet,
  type Place,
  requirePlace,
  spaceOf,
  takeAddress,
} from "./endpoint_address.ts";
import type { EndpointRequest } from "./endpoint_request.ts";
import { IntentError } from "./error.ts";
import { endpointsOfHost } from "./host_endpoints.ts";

export { releaseAddress, requestAddress } from "./endpoint_address.ts";

/** OpenFlow ports above 0xff00 are reserved (OpenFlow 1.3, 7.2.1); the same N is used as a host-private address. */
const PORTS = { first: 1, last: 60000 };

export interface EndpointContext extends HostContext {
  /** Tunnel address of the host. */
  readonly vtepIP: string;
  /** Numbers whose earlier port or link the host has not quite done with: taking one would make the container wait. */
  readonly busyPorts?: ReadonlySet<number>;
}

const ownerOf = (id: string): Owner => ({ kind: "endpoint", id });

/** Idempotent: an endpoint that is as asked for is returned unchanged, another of the same id is a "conflict". */
export function createEndpoint(
  snapshot: Snapshot,
  request: EndpointRequest,
  context: EndpointContext,
): Plan<EndpointState> {
  checkRequest(request);
  const netID = networkId(request.tenant, request.network);
  const id = `${netID}-${request.endpointID}`;
  const existing = read<EndpointState>(snapshot, endpointKey(id));
  if (existing) {
    if (isSame(existing, netID, request, context.host)) return unchanged(existing);
    throw alreadyExists(existing);
  }
  const draft = new Draft(snapshot);
  const place = requirePlace(draft, request);
  const addresses = takeAddresses(draft, id, place, request, context);
  const portNumber = takePort(draft, id, context);
  const endpoint = recordOf(id, place, request, context, addresses, portNumber);
  draft.put(endpointKey(id), endpoint);
  return draft.plan(endpoint);
}

/** Ids and labels become parts of keys. */
const PART_OF_KEY = /^[^\s\/\p{C}]{1,253}$/u;

function checkRequest(request: EndpointRequest): void {
  for (const field of ["tenant", "network", "group"] as const) {
    const value = request[field];
    if (field === "group" && value === "") continue;
    if (value.length <= 64 && NAME.test(value)) continue;
    throw new IntentError("invalid", `${field} string invalid format`);
  }
  if (!PART_OF_KEY.test(request.endpointID)) {
    throw new IntentError(
      "invalid",
      "endpointID string invalid format",
      "use 1 to 253 characters without spaces and slashes",
    );
  }
  if (request.mac && !parseMac(request.mac)) {
    throw new IntentError("invalid", `${request.mac} is not the MAC address of an endpoint`);
  }
}

function isSame(
  existing: EndpointState,
  netID: string,
  request: EndpointRequest,
  host: string,
): boolean {
  const isAsked = (asked: string | undefined, has: string) => !asked || canonical(asked) === has;
  return existing.netID === netID && existing.serviceName === request.group &&
    existing.homingHost === host &&
    isAsked(request.address, existing.ipAddress) &&
    isAsked(request.address6, existing.ipv6Address) &&
    (!request.mac || parseMac(request.mac) === existing.macAddress);
}

function canonical(text: string): string {
  const address = parseAddress(text);
  return address ? formatAddress(address) : text;
}

function alreadyExists(existing: EndpointState): IntentError {
  return new IntentError(
    "conflict",
    `endpoint ${existing.endpointID} exists already on host ${existing.homingHost} with address ${existing.ipAddress} in ${
      existing.serviceName ? `group ${existing.serviceName} of ` : ""
    }network ${existing.netID}`,
    "remove it first, or use another id",
  );
}

interface Addresses {
  readonly ipAddress: string;
  readonly ipv6Address: string;
}

function takeAddresses(
  draft: Draft,
  id: string,
  { network, group }: Place,
  request: EndpointRequest,
  context: HostContext,
): Addresses {
  const { kind } = request.attachment;
  const fromDocker = kind !== "netns" && kind !== "host";
  const take = (family: 4 | 6, requested: string | undefined): string => {
    const space = spaceOf(draft.snapshot, network, family);
    if (!space) {
      if (family === 6 && !requested) return "";
      throw noSubnet(network, family);
    }
    const address = chooseAddress(draft, space, group, requested);
    return takeAddress(draft, network, address, ownerOf(id), fromDocker, context);
  };
  return { ipAddress: take(4, request.address), ipv6Address: take(6, request.address6) };
}

function takePort(
  draft: Draft,
  id: string,
  { host, now, busyPorts }: Omit<EndpointContext, "vtepIP">,
): number {
  if (!PART_OF_KEY.test(host)) {
    throw new IntentError("invalid", `the host label ${JSON.stringify(host)} cannot be used`);
  }
  const number = lowestFreeNumber(draft.snapshot, portPrefix(host), PORTS, busyPorts);
  if (number === undefined) {
    throw new IntentError("exhausted", `no port numbers available on host ${host}`);
  }
  const allocation: Allocation = { owner: ownerOf(id), host, created: now };
  draft.put(portKey(host, number), allocation);
  return number;
}

function recordOf(
  id: string,
  { network, group }: Place,
  request: EndpointRequest,
  { host, vtepIP }: EndpointContext,
  addresses: Addresses,
  portNumber: number,
): EndpointState {
  const ipv4 = parseAddress(addresses.ipAddress);
  return {
    id,
    netID: network.id,
    endpointID: request.endpointID,
    serviceName: request.group,
    endpointGroupId: group?.endpointGroupId ?? 0,
    endpointGroupKey: group?.id ?? "",
    ...addresses,
    macAddress: parseMac(request.mac ?? "") ?? (ipv4 ? macOfIPv4(ipv4) : ""),
    homingHost: host,
    intfName: `vport${portNumber}`,
    vtepIP,
    labels: request.labels ?? {},
    containerId: request.containerId ?? "",
    epCommonName: (request.commonName ?? "").replace(/^\//, ""),
    portNumber,
    attachment: request.attachment,
  };
}

/** An unknown endpoint, or one that another host than `host` carries, is left alone: the result is then undefined. */
export function deleteEndpoint(
  snapshot: Snapshot,
  ref: { readonly netID?: string; readonly endpointID: string; readonly host?: string },
  { now }: { readonly now: number },
): Plan<EndpointState | undefined> {
  const endpoint = findOne(snapshot, ref);
  if (!endpoint) return unchanged(undefined);
  const draft = new Draft(snapshot);
  removeEndpoint(draft, endpoint, now);
  return draft.plan(endpoint);
}

/** The record and all that it holds: five writes at most. An address that Docker asked for is Docker's again. */
export function removeEndpoint(draft: Draft, endpoint: EndpointState, now: number): void {
  const owner = ownerOf(endpoint.id);
  const network = read<NetworkState>(draft.snapshot, NETWORKS + endpoint.netID);
  for (const address of [endpoint.ipAddress, endpoint.ipv6Address]) {
    if (network && address) giveBack(draft, network.addressSpace, address, owner, now);
  }
  freePort(draft, endpoint);
  draft.remove(endpointKey(endpoint.id));
  draft.remove(endpointStatusKey(endpoint.id));
}

function findOne(
  snapshot: Snapshot,
  ref: { readonly netID?: string; readonly endpointID: string; readonly host?: string },
): EndpointState | undefined {
  const matches = (it: EndpointState | undefined): it is EndpointState =>
    it?.endpointID === ref.endpointID && (ref.netID === undefined || it.netID === ref.netID) &&
    (ref.host === undefined || it.homingHost === ref.host);
  if (ref.netID !== undefined) {
    const key = endpointKey(`${ref.netID}-${ref.endpointID}`);
    const endpoint = read<EndpointState>(snapshot, key);
    return matches(endpoint) ? endpoint : undefined;
  }
  const candidates = ref.host === undefined
    ? readAll<EndpointState>(snapshot, ENDPOINTS)
    : endpointsOfHost(snapshot, ref.host);
  const [first, second] = candidates.filter(matches);
  if (!second) return first;
  throw new IntentError(
    "conflict",
    `endpoint ${ref.endpointID} exists in more than one network: ${first?.netID}, ${second.netID}`,
    "name the network",
  );
}

function freePort(draft: Draft, { id, homingHost, portNumber }: EndpointState): void {
  const key = portKey(homingHost, portNumber);
  if (isHeldBy(draft.snapshot, key, ownerOf(id))) draft.remove(key);
}

/** What may change in an endpoint's life. */
export interface EndpointChanges {
  readonly attachment?: Attachment;
  readonly containerId?: string;
  readonly epCommonName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly vtepIP?: string;
  /** Another host carries it from now on: it gets a port number there. */
  readonly homingHost?: string;
}

export function updateEndpoint(
  snapshot: Snapshot,
  id: string,
  changes: EndpointChanges,
): Plan<EndpointState> {
  const old = read<EndpointState>(snapshot, endpointKey(id));
  if (!old) throw new IntentError("not-found", "endpoint not found", `there is no endpoint ${id}`);
  const draft = new Draft(snapshot);
  const host = changes.homingHost ?? old.homingHost;
  const portNumber = host === old.homingHost ? old.portNumber : movePort(draft, old, host);
  const endpoint: EndpointState = {
    ...old,
    ...changes,
    portNumber,
    intfName: `vport${portNumber}`,
  };
  if (JSON.stringify(endpoint) === JSON.stringify(old)) return unchanged(old);
  draft.put(endpointKey(id), endpoint);
  return draft.plan(endpoint);
}

function movePort(draft: Draft, old: EndpointState, host: string): number {
  const held = draft.read<Allocation>(portKey(old.homingHost, old.portNumber));
  freePort(draft, old);
  return takePort(draft, old.id, { host, now: held?.created ?? 0 });
}
