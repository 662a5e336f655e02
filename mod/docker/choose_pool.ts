/**
 * A pool for a network whose user named none.
 * @module
 */
import { IntentError } from "../intent/error.ts";
import type { NetworkState } from "../model/records.ts";
import { compareAddresses } from "../net/address.ts";
import {
  parsePrefix,
  type Prefix,
  prefixOf,
  prefixRange,
  type Range,
  rangesOverlap,
} from "../net/prefix.ts";
import { MASTER_CONFIG, NETWORKS } from "../state/keys.ts";
import { read, readAll, type Snapshot } from "../state/snapshot.ts";
import { parseCidr } from "./cidr.ts";
import { subnetOf } from "./pool_id.ts";
import { liveReservations } from "./reservation.ts";

/** Where pools are looked for when the user names none; each network gets a prefix of `length` bits out of `within`. */
export interface DefaultPools {
  readonly within: string;
  readonly length: number;
}

export const DEFAULT_POOLS: { readonly 4: DefaultPools; readonly 6: DefaultPools } = {
  4: { within: "10.192.0.0/12", length: 24 },
  6: { within: "fd63:6f6e:7469:7600::/56", length: 64 },
};

/** The first of the default pools that overlaps no network of any tenant, no reservation and not the hosts' private subnet. */
export function choosePool(snapshot: Snapshot, family: 4 | 6, now: number): Prefix {
  const { within, length } = DEFAULT_POOLS[family];
  const taken = takenRanges(snapshot, family, now);
  const whole = prefixRange(parseCidr(within, "default pool"));
  for (let at = whole.first; compareAddresses(at, whole.last) <= 0;) {
    const candidate = prefixOf(at, length);
    const range = prefixRange(candidate);
    const conflict = taken.find((other) => rangesOverlap(other, range));
    if (conflict === undefined) return candidate;
    // Past the end of what is in the way, so that the search is linear in what exists.
    const after = prefixRange(prefixOf(conflict.last, length)).last;
    const last = compareAddresses(after, range.last) > 0 ? after : range.last;
    at = { family, value: last.value + 1n };
  }
  throw new IntentError(
    "exhausted",
    `no free pool of length ${length} is left in ${within}`,
    "give the network a --subnet",
  );
}

function takenRanges(snapshot: Snapshot, family: 4 | 6, now: number): Range[] {
  const subnets = readAll<NetworkState>(snapshot, NETWORKS)
    .map((network) => subnetOf(network, family));
  const reserved = liveReservations(snapshot, now)
    .map((reservation) => parsePrefix(reservation.subnet));
  const config = read<Record<string, unknown>>(snapshot, MASTER_CONFIG);
  const privateSubnet = parsePrefix(String(config?.["pvt-subnet"] ?? ""));
  return [...subnets, ...reserved, privateSubnet]
    .filter((prefix) => prefix?.address.family === family)
    .flatMap((prefix) => prefix === undefined ? [] : [prefixRange(prefix)]);
}
