/**
 * VLANs, VXLAN network identifiers, local VLANs, group ids and VRF ids: given to an owner in the owner's own transaction.
 * @module
 */
import { isHeldBy, lowestFreeNumber, type NumberRange } from "../alloc/numbers.ts";
import type { Allocation, Owner } from "../model/records.ts";
import { numberKey, type NumberPool, numberPrefix } from "../state/keys.ts";
import type { Draft } from "./draft.ts";
import { IntentError } from "./error.ts";

/** Every VLAN but the reserved 0 and 4095 (IEEE 802.1Q). */
export const LOCAL_VLANS: NumberRange = { first: 1, last: 4094 };
export const GROUP_IDS: NumberRange = { first: 1, last: 32767 };
export const VRF_IDS: NumberRange = { first: 1, last: 65534 };

const WIDEN =
  "widen the range with `contiv ctl global set`, or delete a network that is not needed";

/** The VLAN `requested` (0: the lowest free one). Texts are the original's. */
export function takeVlan(
  draft: Draft,
  range: NumberRange,
  requested: number,
  owner: Owner,
  now: number,
): number {
  const usable = { first: Math.max(range.first, 1), last: Math.min(range.last, 4094) };
  const busy = draft.snapshot.get(numberKey("vlan", requested)) !== undefined;
  if (requested !== 0 && (busy || requested < usable.first || requested > usable.last)) {
    throw new IntentError("conflict", `requested vlan not available - vlan:${requested}`, WIDEN);
  }
  return take(draft, "vlan", usable, requested, owner, now) ??
    exhausted("no vlans available", WIDEN);
}

/** The VXLAN network identifier `requested` (0: the lowest free one). */
export function takeVxlan(
  draft: Draft,
  range: NumberRange,
  requested: number,
  owner: Owner,
  now: number,
): number {
  if (requested !== 0 && (requested < range.first || requested > range.last)) {
    throw new IntentError("conflict", "requested vxlan is out of range", WIDEN);
  }
  if (requested !== 0 && draft.snapshot.get(numberKey("vxlan", requested)) !== undefined) {
    throw new IntentError("conflict", "requested vxlan not available", WIDEN);
  }
  return take(draft, "vxlan", range, requested, owner, now) ??
    exhausted("no vxlans available", WIDEN);
}

export function takeLocalVlan(draft: Draft, owner: Owner, now: number): number {
  return take(draft, "local-vlan", LOCAL_VLANS, 0, owner, now) ??
    exhausted("no local vlans available", "delete a vxlan network that is not needed");
}

export function takeGroupId(draft: Draft, owner: Owner, now: number): number {
  return take(draft, "group", GROUP_IDS, 0, owner, now) ??
    exhausted("no endpoint group ids available", "delete a group that is not needed");
}

export function takeVrf(draft: Draft, owner: Owner, now: number): number {
  return take(draft, "vrf", VRF_IDS, 0, owner, now) ??
    exhausted("no VRF ids available", "delete a tenant that is not needed");
}

/** Frees the number when `owner` holds it. */
export function freeNumber(draft: Draft, pool: NumberPool, number: number, owner: Owner): void {
  const key = numberKey(pool, number);
  if (isHeldBy(draft.snapshot, key, owner)) draft.remove(key);
}

function take(
  draft: Draft,
  pool: NumberPool,
  range: NumberRange,
  requested: number,
  owner: Owner,
  now: number,
): number | undefined {
  const number = requested || lowestFreeNumber(draft.snapshot, numberPrefix(pool), range);
  if (number === undefined) return undefined;
  const allocation: Allocation = { owner, created: now };
  draft.put(numberKey(pool, number), allocation);
  return number;
}

function exhausted(message: string, advice: string): never {
  throw new IntentError("exhausted", message, advice);
}
