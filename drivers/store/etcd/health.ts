/**
 * How each member is by itself, as `etcdctl endpoint health` asks: whether it serves a linearizable read, and what it says of itself.
 * @module
 */
import { Buffer } from "node:buffer";
import { messageOf } from "../../../mod/state/message_of.ts";
import type { MemberHealth } from "../../../mod/state/store.ts";
import type { Cluster } from "./cluster.ts";
import { CallFailure, judge } from "./failure.ts";
import type { Member } from "./member.ts";

const LIMIT_MS = 2_000;

export function healthOf(cluster: Cluster, signal?: AbortSignal): Promise<MemberHealth[]> {
  return Promise.all(cluster.members.map((member) => healthOfMember(member, signal)));
}

async function healthOfMember(member: Member, signal?: AbortSignal): Promise<MemberHealth> {
  const { endpoint } = member;
  const tried = { limit: LIMIT_MS, signal };
  try {
    await member.call(
      (etcd, options) => etcd.kv.range({ key: Buffer.from("health") }, options),
      tried,
    ).catch(ignorePermission);
    const { errors, isLearner, dbSize, version } = await member.call(
      (etcd, options) => etcd.maintenance.status(options),
      tried,
    );
    if (errors.length > 0) return { endpoint, healthy: false, detail: errors.join(", ") };
    if (isLearner) {
      return { endpoint, healthy: false, detail: "a learner, which does not serve yet" };
    }
    const detail = `etcd ${version}, ${(Number(dbSize) / 2 ** 20).toFixed(1)} MiB`;
    return { endpoint, healthy: true, detail };
  } catch (error) {
    const detail = error instanceof CallFailure ? error.details : messageOf(error);
    return { endpoint, healthy: false, detail };
  }
}

/** Who may not read that key has been answered all the same. */
function ignorePermission(error: unknown): void {
  if (!(error instanceof CallFailure) || judge(error) !== "answered") throw error;
  if (!/permission denied/.test(error.details)) throw error;
}
