/**
 * Finds allocations without a living owner and frees them. A pure decision: a sweep that loses a race writes nothing.
 * @module
 */
import type {
  Allocation,
  EndpointState,
  GroupState,
  NetworkState,
  TenantState,
} from "../model/records.ts";
import {
  ALLOCATIONS,
  endpointKey,
  GROUPS,
  NETWORKS,
  type NumberPool,
  portPrefix,
  tenantKey,
} from "../state/keys.ts";
import { type Plan, remove } from "../state/plan.ts";
import { decode, read, type Snapshot } from "../state/snapshot.ts";
import type { KeyValue } from "../state/store.ts";

/** Freed in one transaction; what is found beyond is left to the next sweep. */
export const SWEEP_LIMIT = 100;

/** What the sweeping process knows of its own host's Docker. Without `host`, addresses that Docker holds are not judged. */
export interface SweepFacts {
  readonly host?: string;
  /** Keys of the addresses that this host's Docker engine has in use. */
  readonly dockerAddresses?: ReadonlySet<string>;
  /** Milliseconds that an address may be held for Docker before an endpoint or Docker must know it. */
  readonly grace: number;
}

export interface Finding {
  readonly key: string;
  readonly allocation: Allocation;
  /** For the log. */
  readonly reason: string;
}

export function sweep(snapshot: Snapshot, now: number, facts: SweepFacts): Plan<Finding[]> {
  const found: { item: KeyValue; finding: Finding }[] = [];
  for (const item of snapshot.list(ALLOCATIONS)) {
    const allocation = decode<Allocation>(item);
    const reason = whyOrphaned(snapshot, item.key, allocation, now, facts);
    if (reason) found.push({ item, finding: { key: item.key, allocation, reason } });
    if (found.length === SWEEP_LIMIT) break;
  }
  return {
    compares: found.map(({ item }) => ({ key: item.key, modRevision: item.modRevision })),
    operations: found.map(({ item }) => remove(item.key)),
    result: found.map(({ finding }) => finding),
  };
}

/** What is held for a host and none of its endpoints: addresses for its Docker engine, and port numbers. */
export function allocationsOfHost(snapshot: Snapshot, host: string): readonly KeyValue[] {
  const addresses = snapshot.list(`${ALLOCATIONS}address/`).filter((item) => {
    const { owner, host: asked } = decode<Allocation>(item);
    return owner.kind === "docker" && asked === host;
  });
  return [...addresses, ...snapshot.list(portPrefix(host))];
}

function whyOrphaned(
  snapshot: Snapshot,
  key: string,
  allocation: Allocation,
  now: number,
  facts: SweepFacts,
): string | undefined {
  const { kind, id } = allocation.owner;
  // `<pool>/<number>`, `port/<host>/<number>` or `address/<space>/<address>`
  const [pool = "", ...rest] = key.slice(ALLOCATIONS.length).split("/");
  const value = rest.at(-1) ?? "";
  const gone = `${kind} ${id} does not hold it`;
  switch (kind) {
    case "docker":
      return whyForgotten(key, allocation, now, facts);
    case "endpoint": {
      const endpoint = read<EndpointState>(snapshot, endpointKey(id));
      return endpoint && endpointHolds(snapshot, endpoint, pool, rest[0], value) ? undefined : gone;
    }
    case "network": {
      const network = read<NetworkState>(snapshot, NETWORKS + id);
      return network && networkHolds(network, pool, rest[0], value) ? undefined : gone;
    }
    case "group": {
      const group = read<GroupState>(snapshot, GROUPS + id);
      return String(group?.endpointGroupId) === value ? undefined : gone;
    }
    case "tenant":
      return String(read<TenantState>(snapshot, tenantKey(id))?.vrf) === value ? undefined : gone;
    case "service":
      // Whoever makes services judges what they hold.
      return undefined;
  }
}

function whyForgotten(
  key: string,
  { host, created }: Allocation,
  now: number,
  { host: own, dockerAddresses, grace }: SweepFacts,
): string | undefined {
  if (own === undefined || host !== own || !dockerAddresses) return undefined;
  if (now - created <= grace || dockerAddresses.has(key)) return undefined;
  return `the Docker engine of ${own} does not know it`;
}

function endpointHolds(
  snapshot: Snapshot,
  endpoint: EndpointState,
  pool: string,
  where: string | undefined,
  value: string,
): boolean {
  if (pool === "port") {
    return endpoint.homingHost === where && String(endpoint.portNumber) === value;
  }
  const network = read<NetworkState>(snapshot, NETWORKS + endpoint.netID);
  return network?.addressSpace === where &&
    (endpoint.ipAddress === value || endpoint.ipv6Address === value);
}

/** Its tags, and the addresses that are kept out of use for it (`docker network create --aux-address`). */
function networkHolds(
  network: NetworkState,
  pool: string,
  where: string | undefined,
  value: string,
): boolean {
  return pool === "address" ? network.addressSpace === where : tagOf(network, pool) === value;
}

function tagOf(network: NetworkState, pool: string): string | undefined {
  const own: Partial<Record<string, number>> =
    (network.pktTagType === "vlan"
      ? { vlan: network.pktTag }
      : { vxlan: network.extPktTag, "local-vlan": network.pktTag }) satisfies Partial<
        Record<NumberPool, number>
      >;
  const tag = own[pool];
  return tag === undefined ? undefined : String(tag);
}
