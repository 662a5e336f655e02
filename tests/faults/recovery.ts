/**
 * How long it takes after a fault until the cluster does everything again: a write, a new container, and its being reached from another host.
 * @module
 */
import { waitFor } from "../lab/wait.ts";
import type { Reply } from "../system/chaos/calls.ts";
import { Namespace } from "../system/namespace.ts";
import { agentCall } from "./agent_call.ts";
import { attach, type FaultCluster } from "./fault_cluster.ts";

/** Milliseconds since the fault's end. */
export interface Recovery {
  readonly write: number;
  readonly attach: number;
  readonly reach: number;
}

export interface RecoveryOptions {
  /** The host whose API is asked; it has a master. 0 unless told. */
  readonly master?: number;
  /** The host that gets the new container; 1 unless told. */
  readonly on?: number;
  /** The host from which it is reached; 0 unless told. */
  readonly from?: number;
}

const DEADLINE_MS = 40_000;
let made = 0;

/** Waits for all three, and takes away what it made. The three are tried at the same time. */
export async function recovered(
  cluster: FaultCluster,
  { master = 0, on = 1, from = 0 }: RecoveryOptions = {},
): Promise<Recovery> {
  const start = performance.now();
  const since = () => Math.round(performance.now() - start);
  const name = `new${++made}`;
  const namespace = await Namespace.create(cluster.at(on).host, name);
  const [write, container] = await Promise.all([
    written(cluster, master, name).then(since),
    attached(cluster, on, name).then((address) => ({ address, time: since() })),
  ]);
  const origin = cluster.at(from).box;
  await answered(origin, container.address);
  const reach = since();
  await remove(cluster, on, name);
  await namespace.delete();
  return { write, attach: container.time, reach };
}

export function tellRecovery({ write, attach, reach }: Recovery): string {
  return `after it, write ${write} ms, attach ${attach} ms, reach ${reach} ms`;
}

/** A group is made, and removed when that has been accepted. */
async function written(cluster: FaultCluster, master: number, name: string): Promise<void> {
  const { calls } = cluster.at(master);
  const path = `endpointGroups/default:${name}`;
  const body = { tenantName: "default", groupName: name, networkName: "net" };
  await accepted("a write", () => calls.put(path, body));
  await accepted("its removal", () => calls.remove(path));
}

function attached(cluster: FaultCluster, on: number, name: string): Promise<string> {
  return waitFor("a new container", () => attach(cluster.at(on).host, name), DEADLINE_MS);
}

async function remove(cluster: FaultCluster, on: number, name: string): Promise<void> {
  const { host } = cluster.at(on);
  await accepted("its end", () => agentCall(host, "DELETE", `/v1/endpoints/${name}`));
}

/** Resolves with the first echo reply; a request goes out every 20 ms. */
async function answered({ host, name }: Namespace, address: string): Promise<void> {
  const log = `${host.directory}/reach-${crypto.randomUUID()}.log`;
  Deno.writeTextFileSync(log, "");
  const ping = host.spawn(
    ["nsenter", `--net=/run/netns/${name}`, "--", "ping", "-i", "0.02", address],
    { output: { file: log } },
  );
  try {
    await waitFor(
      `${address} to answer`,
      () => Deno.readTextFileSync(log).includes("bytes from"),
      DEADLINE_MS,
    );
  } finally {
    ping.kill("SIGKILL");
    await ping.status;
  }
}

/** Repeats a call until it is accepted; fails with the last refusal. */
async function accepted(what: string, call: () => Promise<Reply>): Promise<void> {
  await waitFor(what, async () => {
    const { status, text } = await call();
    if (status !== 200) throw new Error(`${status} ${text}`);
    return true;
  }, DEADLINE_MS);
}
