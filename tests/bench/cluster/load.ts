/**
 * What etcd and the agents spend while something happens.
 * @module
 */
import { processorTime } from "../process_cost.ts";
import type { AgentsProcess } from "./agents_process.ts";

/** Milliseconds, but where told otherwise. */
export interface Load {
  readonly wall: number;
  /** Processor time of etcd. */
  readonly etcd: number;
  /** Processor time of all agents together. */
  readonly agents: number;
  /** Of it in computing desired states, of all whole agents together. */
  readonly computing: number;
  /** Changes that whole agents have followed, all added up. */
  readonly changes: number;
}

export async function load(
  etcd: number,
  processes: readonly AgentsProcess[],
  work: () => Promise<unknown>,
): Promise<Load> {
  const look = async () => {
    const costs = await Promise.all(processes.map((each) => each.cost()));
    const sum = (what: "processor" | "computing" | "changes") =>
      costs.reduce((total, cost) => total + cost[what], 0);
    return {
      wall: performance.now(),
      etcd: processorTime(etcd),
      agents: sum("processor"),
      computing: sum("computing"),
      changes: sum("changes"),
    };
  };
  const before = await look();
  await work();
  const after = await look();
  return {
    wall: after.wall - before.wall,
    etcd: after.etcd - before.etcd,
    agents: after.agents - before.agents,
    computing: after.computing - before.computing,
    changes: after.changes - before.changes,
  };
}
