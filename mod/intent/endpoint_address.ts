/**
 * Addresses of endpoints, and those that Docker's IPAM asks for ahead of them: given, handed over, given back.
 * @module
 */
import {
  type AddressSpace,
  ipv4Space,
  ipv6Space,
  lowestFreeAddress,
  whyReserved,
} from "../alloc/addresses.ts";
import type { Allocation, GroupState, NetworkState, Owner } from "../model/records.ts";
import { type Address, type Family, formatAddress, parseAddress } from "../net/address.ts";
import { parsePrefix } from "../net/prefix.ts";
import { addressKey, groupKey, networkKey, NETWORKS, objectKey } from "../state/keys.ts";
import { type Plan, unchanged } from "../state/plan.ts";
import { decode, read, readAll, type Snapshot } from "../state/snapshot.ts";
import type { HostContext } from "./context.ts";
import { Draft } from "./draft.ts";
import type { AddressRequest, NetworkRef } from "./endpoint_request.ts";
import { IntentError } from "./error.ts";
import { refuseLeaving } from "./leaving_network.ts";
import { outside } from "./subnet.ts";

/** The network and group that a reference names. */
export interface Place {
  readonly network: NetworkState;
  readonly group: GroupState | undefined;
}

/** Finds them, and makes the transaction fail when the network changed (a pool was made) or the group went. */
export function requirePlace(draft: Draft, ref: NetworkRef): Place {
  const network = draft.read<NetworkState>(networkKey(ref.tenant, ref.network));
  if (network?.tenant !== ref.tenant || network.networkName !== ref.network) {
    throw new IntentError(
      "not-found",
      `Network ${ref.network} not found`,
      `\`contiv ctl network ls -t ${ref.tenant}\` lists those there are`,
    );
  }
  refuseLeaving(network);
  draft.guard(objectKey("network", `${ref.tenant}:${ref.network}`));
  if (ref.group === "") return { network, group: undefined };
  const group = draft.read<GroupState>(groupKey(ref.tenant, ref.group));
  if (!group) {
    throw new IntentError(
      "not-found",
      `EndpointGroup ${ref.group} not found`,
      `\`contiv ctl group ls -t ${ref.tenant}\` lists those there are`,
    );
  }
  if (group.networkName !== ref.network) {
    throw new IntentError(
      "conflict",
      `EndpointGroup ${ref.group} belongs to network ${group.networkName}, not ${ref.network}`,
      `attach to network ${group.networkName}`,
    );
  }
  draft.guardExistence(objectKey("endpointGroup", `${ref.tenant}:${ref.group}`));
  return { network, group };
}

/** Undefined when the network has no subnet of the family. */
export function spaceOf(
  snapshot: Snapshot,
  network: NetworkState,
  family: Family,
): AddressSpace | undefined {
  return family === 4 ? ipv4Space(snapshot, network) : ipv6Space(network);
}

/** The address that is to be given: `requested`, if it may be, else the lowest free one. Nothing is written. */
export function chooseAddress(
  draft: Draft,
  space: AddressSpace,
  group: GroupState | undefined,
  requested: string | undefined,
): Address {
  if (requested) return checkRequested(space, group, requested);
  const free = lowestFreeAddress(draft.snapshot, space, group?.id ?? "");
  if (free) return free;
  const pool = group?.IPPool;
  throw new IntentError(
    "exhausted",
    `auto allocation failed - address exhaustion in ${
      pool ? `pool ${pool}` : `subnet ${space.subnet}`
    }`,
    "remove endpoints that are not needed, or use a larger network",
  );
}

function checkRequested(
  space: AddressSpace,
  group: GroupState | undefined,
  requested: string,
): Address {
  const address = parseAddress(requested);
  if (address?.family !== space.family) {
    throw new IntentError("invalid", `${requested} is not an IPv${space.family} address`);
  }
  if (address.value < space.whole.first || address.value > space.whole.last) {
    const prefix = parsePrefix(space.subnet);
    throw prefix ? outside(prefix, requested, address) : notAvailable(requested, space.subnet);
  }
  const why = whyReserved(space, address.value, group?.id ?? "");
  if (why) throw notAvailable(formatAddress(address), why);
  return address;
}

function notAvailable(address: string, why: string): IntentError {
  return new IntentError("conflict", `ip address ${address} is not available`, why);
}

/**
 * Writes that `owner` holds the address. One that Docker's IPAM holds for the same host is handed over when `fromDocker`, and
 * remembers it: Docker will release it in its own time.
 */
export function takeAddress(
  draft: Draft,
  network: NetworkState,
  address: Address,
  owner: Owner,
  fromDocker: boolean,
  { now, host }: HostContext,
): string {
  const text = formatAddress(address);
  const key = addressKey(network.addressSpace, text);
  const held = draft.read<Allocation>(key);
  const handedOver = held?.owner.kind === "docker" && fromDocker && isOf(held, host);
  if (held && !handedOver) {
    throw notAvailable(text, `it is held by ${held.owner.kind} ${held.owner.id}`);
  }
  const allocation: Allocation = {
    owner,
    host,
    ...(handedOver && { requestedBy: "docker" }),
    created: now,
  };
  draft.put(key, allocation);
  return text;
}

/** Frees an address that `owner` holds, or gives it back to Docker's IPAM where it came from. */
export function giveBack(
  draft: Draft,
  space: string,
  address: string,
  owner: Owner,
  now: number,
): void {
  const key = addressKey(space, address);
  const held = draft.read<Allocation>(key);
  if (held?.owner.kind !== owner.kind || held.owner.id !== owner.id) return;
  if (held.requestedBy !== "docker") draft.remove(key);
  else draft.put(key, { ...held, owner: dockerOwner(space), created: now });
}

const dockerOwner = (space: string): Owner => ({ kind: "docker", id: space });

/** An address that no host asked for is any host's. */
const isOf = (held: Allocation, host: string): boolean => !held.host || held.host === host;

/**
 * An address for Docker's IPAM, to be taken by an endpoint later. Asking again for one that this host's Docker holds already, with
 * or without an endpoint, is no error: an engine asks for all of them again when it restarts.
 */
export function requestAddress(
  snapshot: Snapshot,
  request: AddressRequest,
  context: HostContext,
): Plan<string> {
  const draft = new Draft(snapshot);
  const { network, group } = requirePlace(
    draft,
    request.ref ?? refOfSpace(snapshot, request.space),
  );
  const space = spaceOf(snapshot, network, request.family);
  if (!space) throw noSubnet(network, request.family);
  const address = chooseAddress(draft, space, group, request.address);
  const text = formatAddress(address);
  const held = request.address
    ? read<Allocation>(snapshot, addressKey(network.addressSpace, text))
    : undefined;
  if (held?.requestedBy === "docker" && isOf(held, context.host)) return unchanged(text);
  const owner = dockerOwner(network.addressSpace);
  takeAddress(draft, network, address, owner, true, context);
  const key = addressKey(network.addressSpace, text);
  const allocation = draft.read<Allocation>(key);
  draft.put(key, { ...allocation, requestedBy: "docker" });
  return draft.plan(text);
}

export function noSubnet(network: NetworkState, family: Family): IntentError {
  return new IntentError(
    "invalid",
    `network ${network.networkName} has no IPv${family} subnet`,
    `create the network with ${family === 6 ? "--subnetv6" : "--subnet"}`,
  );
}

function refOfSpace(snapshot: Snapshot, space: string): NetworkRef {
  const network = readAll<NetworkState>(snapshot, NETWORKS)
    .find((state) => state.addressSpace === space);
  if (network) return { tenant: network.tenant, network: network.networkName, group: "" };
  throw new IntentError("not-found", `no network has the address space ${space}`);
}

/** Whether something was freed: only an address that Docker's IPAM holds for this host, and no endpoint. */
export function releaseAddress(
  snapshot: Snapshot,
  { space, address }: { readonly space: string; readonly address: string },
  { host }: HostContext,
): Plan<boolean> {
  const parsed = parseAddress(address);
  const item = parsed && snapshot.get(addressKey(space, formatAddress(parsed)));
  if (!item) return unchanged(false);
  const held = decode<Allocation>(item);
  if (held.owner.kind !== "docker" || !isOf(held, host)) return unchanged(false);
  const draft = new Draft(snapshot);
  draft.remove(item.key);
  return draft.plan(true);
}
