/**
 * Which addresses of a network may be handed out to whom: a subnet's range less network, broadcast and gateway address, less the
 * pools of other groups, less what is held.
 * @module
 */
import { type Address, type Family, formatAddress, parseAddress } from "../net/address.ts";
import { prefixOf, prefixRange, type Range } from "../net/prefix.ts";
import type { GroupState, NetworkState } from "../model/records.ts";
import { addressPrefix, GROUPS } from "../state/keys.ts";
import { readAll, type Snapshot } from "../state/snapshot.ts";
import type { KeyValue } from "../state/store.ts";
import { clip, complement, mergeRuns, type Run } from "./display.ts";

/** A network's addresses of one family. */
export interface AddressSpace {
  readonly family: Family;
  /** Key prefix of its allocations. */
  readonly prefix: string;
  /** The whole subnet, as text and as values. */
  readonly subnet: string;
  readonly whole: Run;
  /** The part that is handed out: within the range, without network and broadcast address. */
  readonly usable: Run;
  /** The gateway, if there is one. */
  readonly gateway: bigint | undefined;
  /** Group id → its pool. */
  readonly pools: ReadonlyMap<string, Run>;
}

/** Parses `first-last`, or a single address, which is a range of one. Undefined when malformed, of two families or reversed. */
export function parseAddressRange(text: string): Range | undefined {
  const [from = "", to = from, ...rest] = text.split("-");
  const first = parseAddress(from), last = parseAddress(to);
  if (!first || !last || rest.length > 0) return undefined;
  return first.family === last.family && first.value <= last.value ? { first, last } : undefined;
}

export function ipv4Space(snapshot: Snapshot, network: NetworkState): AddressSpace | undefined {
  const address = parseAddress(network.subnetIP);
  const range = parseAddressRange(network.ipAddrRange);
  if (!address || !range) return undefined;
  const pools = poolsOf(snapshot, network);
  return spaceOf(network, address, network.subnetLen, network.gateway, toRun(range), pools);
}

/** Undefined when the network has no IPv6 subnet. Its all-zero host (RFC 4291 2.6.1) is not used; groups have no IPv6 pools. */
export function ipv6Space(network: NetworkState): AddressSpace | undefined {
  const address = parseAddress(network.ipv6SubnetIP ?? "");
  if (!address || network.ipv6SubnetLen === undefined) return undefined;
  const gateway = network.ipv6Gateway ?? "";
  return spaceOf(network, address, network.ipv6SubnetLen, gateway, undefined, new Map());
}

function spaceOf(
  network: NetworkState,
  address: Address,
  length: number,
  gateway: string,
  range: Run | undefined,
  pools: ReadonlyMap<string, Run>,
): AddressSpace {
  const { family } = address;
  const whole = toRun(prefixRange(prefixOf(address, length)));
  const last = family === 4 ? whole.last - 1n : whole.last;
  const [usable = { first: 1n, last: 0n }] = clip(
    { first: whole.first + 1n, last },
    [range ?? whole],
  );
  return {
    family,
    prefix: addressPrefix(network.addressSpace),
    subnet: `${formatAddress(address)}/${length}`,
    whole,
    usable,
    gateway: parseAddress(gateway)?.value,
    pools,
  };
}

function poolsOf(snapshot: Snapshot, network: NetworkState): Map<string, Run> {
  const pools = new Map<string, Run>();
  for (const group of readAll<GroupState>(snapshot, GROUPS)) {
    if (group.tenantName !== network.tenant || group.networkName !== network.networkName) continue;
    const range = parseAddressRange(group.IPPool);
    if (range) pools.set(group.id, toRun(range));
  }
  return pools;
}

export function toRun({ first, last }: Range): Run {
  return { first: first.value, last: last.value };
}

/** What nobody may be given automatically, merged: the gateway, and pools other than `group`'s. */
function reserved(space: AddressSpace, group: string): Run[] {
  const runs = [...space.pools].filter(([id]) => id !== group).map(([, pool]) => pool);
  if (space.gateway !== undefined) runs.push({ first: space.gateway, last: space.gateway });
  return mergeRuns(runs);
}

/**
 * The lowest free address: of the group's pool when it has one, else of the network outside of all pools.
 * Undefined when there is none.
 */
export function lowestFreeAddress(
  snapshot: Snapshot,
  space: AddressSpace,
  group: string,
): Address | undefined {
  const within = space.pools.get(group) ?? space.usable;
  const lowest = space.family === 4 ? lowestFreeIPv4 : lowestFreeIPv6;
  for (const run of complement(within, reserved(space, group))) {
    const value = lowest(snapshot, space, run);
    if (value !== undefined) return { family: space.family, value };
  }
  return undefined;
}

const BLOCK = 256n;

/** Takes a /24 at a time, and passes over a full one by the number of its keys: a large network costs no look at each address. */
function lowestFreeIPv4(
  snapshot: Snapshot,
  { prefix }: AddressSpace,
  run: Run,
): bigint | undefined {
  for (let block = run.first - run.first % BLOCK; block <= run.last; block += BLOCK) {
    const key = prefix + formatAddress({ family: 4, value: block });
    const blockPrefix = key.slice(0, key.lastIndexOf(".") + 1);
    const items = snapshot.list(blockPrefix);
    if (items.length === Number(BLOCK)) continue;
    const held = new Set(items.map((item) => Number(item.key.slice(blockPrefix.length))));
    const first = block < run.first ? run.first : block;
    const last = block + BLOCK - 1n < run.last ? block + BLOCK - 1n : run.last;
    for (let value = first; value <= last; value++) {
      if (!held.has(Number(value - block))) return value;
    }
  }
  return undefined;
}

function lowestFreeIPv6(snapshot: Snapshot, space: AddressSpace, run: Run): bigint | undefined {
  const held = new Set(heldValues(snapshot, space));
  for (let value = run.first; value <= run.last; value++) if (!held.has(value)) return value;
  return undefined;
}

/** Why `value` may not be given to an endpoint of `group` (empty: none), whoever holds it; undefined when it may. */
export function whyReserved(space: AddressSpace, value: bigint, group: string): string | undefined {
  if (value === space.gateway) return "it is the network's gateway";
  if (value < space.usable.first || value > space.usable.last) {
    return "it is outside of the addresses that the network hands out";
  }
  for (const [id, pool] of space.pools) {
    if (id !== group && value >= pool.first && value <= pool.last) {
      return `it is in the pool of group ${id}`;
    }
  }
  return undefined;
}

// Keys of records that stay are parsed once: a full /16 has 65,534 of them, and each allocation looks at all.
const parsed = new WeakMap<KeyValue, Address | undefined>();

function addressOf(item: KeyValue, prefix: string): Address | undefined {
  if (!parsed.has(item)) parsed.set(item, parseAddress(item.key.slice(prefix.length)));
  return parsed.get(item);
}

/** The held addresses of the space's family. */
export function heldValues(snapshot: Snapshot, { prefix, family }: AddressSpace): bigint[] {
  const values: bigint[] = [];
  for (const item of snapshot.list(prefix)) {
    const address = addressOf(item, prefix);
    if (address?.family === family) values.push(address.value);
  }
  return values;
}

/** Runs of what is not available within `whole`: held, gateway, pools of other groups. */
export function unavailable(
  snapshot: Snapshot,
  space: AddressSpace,
  whole: Run,
  group: string,
): Run[] {
  const held = heldValues(snapshot, space).map((value) => ({ first: value, last: value }));
  return mergeRuns(clip(whole, [...held, ...reserved(space, group)]));
}
