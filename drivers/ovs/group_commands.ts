/**
 * Groups as lines of a bundle, and what of them differs from what is installed. A group has no cookie, but OpenFlow 1.5 lets us number
 * its buckets: a bucket's number is a hash of its content. So, as with flows, a fresh process recognises what is right without comparing
 * texts that the switch has normalised. The number stays when other buckets come or go. Pure.
 * @module
 */
import { type Bucket, formatGroup, type Group } from "../../mod/pipeline/group.ts";
import { contentHash } from "./content_hash.ts";

/** A group as the switch has it; enough to know whether it is right. */
export interface InstalledGroup {
  readonly id: number;
  /** As in `type=…`. */
  readonly type: string;
  /** Bucket numbers, in order. */
  readonly buckets: readonly number[];
}

/** OFPG_BUCKET_MAX is 0xffffff00. */
const BUCKET_IDS = 0xffff_ff00;

export function setGroupLine(group: Group): string {
  return `group add_or_mod ${formatGroup(group, bucketIds(group.buckets))}`;
}

export function removeGroupLine(id: number): string {
  return `group delete group_id=${id}`;
}

export interface GroupDifference {
  readonly set: readonly Group[];
  readonly remove: readonly number[];
}

export function groupDifference(
  desired: readonly Group[],
  installed: readonly InstalledGroup[],
): GroupDifference {
  const wanted = new Map(desired.map((group) => [group.id, group]));
  const present = new Map(installed.map((group) => [group.id, group]));
  return {
    set: [...wanted.values()].filter((group) => !isRight(present.get(group.id), group)),
    remove: [...present.keys()].filter((id) => !wanted.has(id)),
  };
}

function isRight(installed: InstalledGroup | undefined, wanted: Group): boolean {
  return installed?.type === wanted.type &&
    installed.buckets.join() === bucketIds(wanted.buckets).join();
}

/** Equal buckets get different numbers, by their order: within a group a number must be unique. */
function bucketIds(buckets: readonly Bucket[]): number[] {
  const taken = new Set<number>();
  return buckets.map(({ weight, actions }) => {
    const [, low] = contentHash(`${weight ?? 1} ${actions.join(",")}`);
    let id = low % BUCKET_IDS;
    while (taken.has(id)) id = (id + 1) % BUCKET_IDS;
    taken.add(id);
    return id;
  });
}
