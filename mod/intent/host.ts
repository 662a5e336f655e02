/**
 * Hosts of the cluster: an agent claims its label before it touches anything, so that a label is one host's; a host whose agent has been gone
 * for longer than a grace time is forgotten, with all that it held.
 *
 * The claim is the host's record and its registrations, written in one transaction. The record outlives the agent; the registrations
 * live under the agent's lease, and while they do nobody else gets the label. An identity is kept on the host's bridge.
 * @module
 */
import { allocationsOfHost } from "../alloc/sweep.ts";
import type { DockerNetworkState, EndpointState, HostState } from "../model/records.ts";
import { formatAddress, parseAddress } from "../net/address.ts";
import { DOCKER_NETWORKS, ENDPOINTS, hostKey, HOSTS } from "../state/keys.ts";
import { type Plan, put, unchanged } from "../state/plan.ts";
import {
  AGENT_PORT,
  registeredServices,
  registrationPut,
  serviceKey,
  type ServiceRecord,
  serviceRecord,
} from "../state/registration.ts";
import { decode, read, readAll, type Snapshot } from "../state/snapshot.ts";
import type { Compare, LeaseId } from "../state/store.ts";
import { Draft } from "./draft.ts";
import { removeEndpoint } from "./endpoint.ts";
import { IntentError } from "./error.ts";

export interface HostClaim {
  readonly label: string;
  readonly identity: string;
  readonly controlAddress: string;
  readonly vtepAddress: string;
  /** UDP port of its tunnels. */
  readonly vxlanPort: number;
  readonly version: string;
}

/**
 * Takes, or keeps, the label. Throws IntentError "conflict" while another host that runs has the label or one of the addresses.
 * A host that was made anew, and so has another identity, gets its label back as soon as the old registration is gone.
 */
export function claimHost(
  snapshot: Snapshot,
  claim: HostClaim,
  { now, lease }: { readonly now: number; readonly lease: LeaseId },
): Plan<HostState> {
  const key = hostKey(claim.label);
  const before = read<HostState>(snapshot, key);
  const records = registrations(claim);
  refuseOtherHolder(snapshot, claim, before);
  for (const record of records) refuseSharedAddress(snapshot, record);
  const host: HostState = {
    id: claim.label,
    identity: claim.identity,
    controlAddress: canonical(claim.controlAddress),
    vtepAddress: canonical(claim.vtepAddress),
    since: before?.identity === claim.identity ? before.since : now,
  };
  const guarded = new Set([key, ...records.map(serviceKey)]);
  // A holder that registers again writes nothing else: its key must be seen.
  if (before) guarded.add(agentKey(before));
  return {
    compares: [...guarded].map((each) => seen(snapshot, each)),
    operations: [
      ...records.map((record) => registrationPut(record, lease)),
      ...(JSON.stringify(before) === JSON.stringify(host) ? [] : [put(key, host)]),
    ],
    result: host,
  };
}

function registrations(claim: HostClaim): ServiceRecord[] {
  const record = (name: "netplugin" | "netplugin.vtep", address: string, port: number) => ({
    ...serviceRecord(name, { address: canonical(address), port, host: claim.label }, claim.version),
    Identity: claim.identity,
  });
  return [
    record("netplugin", claim.controlAddress, AGENT_PORT),
    record("netplugin.vtep", claim.vtepAddress, claim.vxlanPort),
  ];
}

const agentKey = ({ id, controlAddress }: HostState): string =>
  serviceKey(
    serviceRecord("netplugin", { address: controlAddress, port: AGENT_PORT, host: id }, ""),
  );

function seen(snapshot: Snapshot, key: string): Compare {
  return { key, modRevision: snapshot.get(key)?.modRevision ?? 0 };
}

function refuseOtherHolder(
  snapshot: Snapshot,
  { label, identity }: HostClaim,
  before: HostState | undefined,
): void {
  const holder = registeredServices(snapshot, "netplugin")
    .find((record) => record.Hostname === label && record.Identity !== identity);
  if (!holder) return;
  const since = before ? ` since ${new Date(before.since).toISOString()}` : "";
  throw new IntentError(
    "conflict",
    `the host label ${label} is taken: the host at ${holder.HostAddr} has it${since}, and its agent runs`,
    `give this host a label of its own (\`--host NAME\`); if the other one is to give it up, stop its agent: ` +
      `the label is free ${holder.TTL} seconds later at the latest`,
  );
}

function refuseSharedAddress(snapshot: Snapshot, record: ServiceRecord): void {
  const holder = read<ServiceRecord>(snapshot, serviceKey(record));
  if (!holder || holder.Hostname === record.Hostname) return;
  const option = record.ServiceName === "netplugin" ? "--ctrl-ip" : "--vtep-ip";
  throw new IntentError(
    "conflict",
    `the address ${record.HostAddr} is taken: the agent of host ${holder.Hostname} runs there`,
    `give this host an address of its own (\`${option} IP\`); if it had the label ${holder.Hostname} before, wait ${holder.TTL} seconds`,
  );
}

function canonical(text: string): string {
  const address = parseAddress(text);
  if (address) return formatAddress(address);
  throw new IntentError("invalid", `${text} is not an IP address`, "give an IPv4 or IPv6 address");
}

export interface HostEvent {
  readonly label: string;
  readonly now: "down" | "up";
}

/** At most this many records a transaction; the rest is found by the next look. */
const NOTED = 50;

/** Notes which hosts have no registration any more, and which are back. Traffic, addresses and endpoints are left as they are. */
export function noteHosts(snapshot: Snapshot, now: number): Plan<HostEvent[]> {
  const running = runningHosts(snapshot);
  const draft = new Draft(snapshot);
  const events: HostEvent[] = [];
  for (const host of readAll<HostState>(snapshot, HOSTS)) {
    const up = running.has(host.id);
    if (up === (host.downSince === undefined) || events.length === NOTED) continue;
    const { downSince: _, ...rest } = host;
    draft.put(hostKey(host.id), up ? rest : { ...rest, downSince: now });
    events.push({ label: host.id, now: up ? "up" : "down" });
  }
  return draft.plan(events);
}

function runningHosts(snapshot: Snapshot): Set<string> {
  return new Set(registeredServices(snapshot, "netplugin").map(({ Hostname }) => Hostname));
}

/** An endpoint's removal takes five writes at most, and a transaction has 128 (mod/state/limits.ts). */
const ENDPOINTS_AT_ONCE = 20;
const RECORDS_AT_ONCE = 100;

export interface ForgottenPart {
  readonly label: string;
  readonly endpoints: number;
  readonly allocations: number;
  /** The host's record is gone too: nothing is left of it. */
  readonly finished: boolean;
}

/**
 * One step of forgetting a host that has been down for `grace` ms: its endpoints, what Docker held there, at last its record. Undefined
 * when there is none. A host that comes back meanwhile writes its record, and the step fails. `absent`: labels of the hosts that have been
 * seen down for long enough on a clock that cannot be wrong (HostAbsence); no other is forgotten.
 */
export function forgetHost(
  snapshot: Snapshot,
  now: number,
  grace: number,
  absent: ReadonlySet<string>,
): Plan<ForgottenPart | undefined> {
  const running = runningHosts(snapshot);
  const host = readAll<HostState>(snapshot, HOSTS).find(({ id, downSince }) =>
    downSince !== undefined && now - downSince >= grace && absent.has(id) && !running.has(id)
  );
  if (!host) return unchanged(undefined);
  const draft = new Draft(snapshot);
  draft.guard(hostKey(host.id));
  draft.guard(agentKey(host));
  const endpoints = readAll<EndpointState>(snapshot, ENDPOINTS)
    .filter(({ homingHost }) => homingHost === host.id);
  if (endpoints.length > 0) {
    const first = endpoints.slice(0, ENDPOINTS_AT_ONCE);
    for (const endpoint of first) removeEndpoint(draft, endpoint, now);
    return draft.plan({
      label: host.id,
      endpoints: first.length,
      allocations: 0,
      finished: false,
    });
  }
  const held = allocationsOfHost(snapshot, host.id).slice(0, RECORDS_AT_ONCE);
  for (const { key } of held) draft.remove(key);
  const mapped = held.length === 0 ? forgetDockerNetworks(draft, host.id) : 0;
  const finished = held.length === 0 && mapped === 0;
  if (finished) draft.remove(hostKey(host.id));
  return draft.plan({ label: host.id, endpoints: 0, allocations: held.length, finished });
}

/** Which of the host's Docker networks stood for what; returns how many records named it. */
function forgetDockerNetworks(draft: Draft, label: string): number {
  const items = draft.snapshot.list(DOCKER_NETWORKS)
    .map((item) => ({ key: item.key, state: decode<DockerNetworkState>(item) }))
    .filter(({ state }) => state.docknetUUID[label] !== undefined)
    .slice(0, RECORDS_AT_ONCE);
  for (const { key, state } of items) {
    const { [label]: _, ...rest } = state.docknetUUID;
    draft.put(key, { ...state, docknetUUID: rest });
  }
  return items.length;
}
