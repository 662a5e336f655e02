/**
 * A group as data (OpenFlow 1.5, section 5.6): what several flows share, such as whom a network's broadcasts go to. A group is named by its
 * number alone and carries no cookie: all groups of the bridge are ours, and GROUP_RANGE says which feature's a number is.
 * @module
 */

export interface Bucket {
  /** Only in "select" groups; default 1. */
  readonly weight?: number;
  /** In Open vSwitch's own syntax, as in a flow; no goto_table. */
  readonly actions: readonly string[];
}

export interface Group {
  /** 1–4294967039, in the range of its feature. */
  readonly id: number;
  /** "all": every bucket gets a copy. "select": one of them by the connection's hash. */
  readonly type: "all" | "select" | "indirect";
  readonly buckets: readonly Bucket[];
}

/** First number of each feature's groups; each range is 2^24 long, so that a VNI finds its group without an allocation. */
export const GROUP_RANGE = { flood: 0x0100_0000, service: 0x0200_0000 } as const;

/**
 * `group_id=16777217,type=all,bucket=actions=output:7,bucket=actions=output:8`, as `ovs-ofctl add-group` reads it. `bucketIds`, one a
 * bucket, name the buckets to the switch (OpenFlow 1.5); without, it numbers them.
 */
export function formatGroup({ id, type, buckets }: Group, bucketIds?: readonly number[]): string {
  const texts = buckets.map(({ weight, actions }, index) => {
    const name = bucketIds ? `bucket_id:${bucketIds[index]},` : "";
    const share = weight === undefined ? "" : `weight:${weight},`;
    return `bucket=${name}${share}actions=${actions.join(",") || "drop"}`;
  });
  return [`group_id=${id}`, `type=${type}`, ...texts].join(",");
}
