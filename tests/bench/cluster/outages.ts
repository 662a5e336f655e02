/**
 * An etcd that is killed, and how long after it serves again all agents have seen what was written since.
 * @module
 */
import type { EtcdCluster } from "../../lab/etcd.ts";
import { pause } from "../ratios.ts";
import type { AgentsProcess } from "./agents_process.ts";
import type { Changes } from "./changes.ts";

const AWAY_MS = 5_000;

/** Their watches go on where they were. Milliseconds. */
export async function catchUp(cluster: EtcdCluster, changes: Changes): Promise<number> {
  await kill(cluster);
  await pause(AWAY_MS);
  const back = await startAgain(cluster);
  await changes.one();
  return await changes.lastSeen() - back;
}

/** The place where they were is no longer in the history: each has to list everything anew. Milliseconds. */
export async function relist(
  cluster: EtcdCluster,
  changes: Changes,
  processes: readonly AgentsProcess[],
): Promise<number> {
  for (const each of processes) each.freeze();
  try {
    await kill(cluster);
    await startAgain(cluster);
    await changes.one();
    await changes.one();
    await cluster.ctl(["compact", String(changes.revision)]);
  } finally {
    for (const each of processes) each.thaw();
  }
  const back = Date.now();
  await changes.one();
  return await changes.lastSeen() - back;
}

async function kill(cluster: EtcdCluster): Promise<void> {
  await Promise.all(cluster.members.map((member) => member.kill()));
}

async function startAgain(cluster: EtcdCluster): Promise<number> {
  for (const member of cluster.members) member.start();
  await cluster.serves();
  return Date.now();
}
