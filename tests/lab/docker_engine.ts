/**
 * A Docker engine in a lab node, at Docker's usual paths, all of them the node's own. `docker` run in the node needs no options.
 * @module
 */
import { join } from "node:path";
import { IMAGE, imageArchive } from "./image.ts";
import type { LabNode } from "./node.ts";
import { baseDirectory, cgroupOf } from "./registry.ts";
import { waitFor } from "./wait.ts";

export interface DockerOptions {
  /** Containers go on while the engine is down. */
  readonly liveRestore?: boolean;
  /** More arguments for dockerd. */
  readonly args?: readonly string[];
  /** Another dockerd than the installed one: an absolute path. */
  readonly program?: string;
  /** Milliseconds until it must answer. */
  readonly deadline?: number;
}

export const DOCKER_PID_FILE = "/run/docker.pid";
const SOCKET = "/run/docker.sock";
const START_DEADLINE = 20_000;
const STOP_DEADLINE = 30_000;

/** Starts the engine and waits until it answers; the lab's image is there. */
export async function startDocker(
  node: LabNode,
  labId: string,
  options: DockerOptions = {},
): Promise<void> {
  const deadline = options.deadline ?? START_DEADLINE;
  const log = join(node.directory, "dockerd.log");
  await node.exec(["rm", "-f", SOCKET]);
  const engine = node.spawn([
    options.program ?? "dockerd",
    "--storage-driver=overlay2",
    "--exec-opt=native.cgroupdriver=cgroupfs",
    `--cgroup-parent=/${cgroupOf(labId)}/${node.name}`,
    ...(options.liveRestore ? ["--live-restore"] : []),
    ...(options.args ?? []),
  ], { output: { file: log } });
  let ended = false;
  engine.status.then(() => ended = true);
  try {
    await waitFor("Docker's socket", async () => ended || await answers(node, deadline), deadline);
    if (ended) throw new Error("dockerd ended at once");
  } catch (cause) {
    throw new Error(`${node.name}: dockerd did not start: ${tail(log)}`, { cause });
  }
  if ((await node.exec(["docker", "image", "inspect", IMAGE])).code !== 0) await loadImage(node);
}

/** Signals the engine and waits until it is gone. */
export async function stopDocker(node: LabNode, signal: Deno.Signal = "SIGTERM"): Promise<void> {
  const { stdout } = await node.exec(["cat", DOCKER_PID_FILE]);
  const pid = stdout.trim();
  if (!pid) return;
  await node.exec(["kill", `-${signal.slice("SIG".length)}`, pid]);
  await waitFor(
    "dockerd to end",
    async () => (await node.exec(["kill", "-0", pid])).code !== 0,
    STOP_DEADLINE,
  );
  await node.exec(["rm", "-f", DOCKER_PID_FILE]);
}

/** The engine listens early and answers late: one patient request is quicker than many. */
async function answers(node: LabNode, deadline: number): Promise<boolean> {
  if ((await node.exec(["test", "-S", SOCKET])).code !== 0) return false;
  return (await node.exec(["docker", "version"], { deadline })).code === 0;
}

async function loadImage(node: LabNode): Promise<void> {
  const archive = await imageArchive(baseDirectory());
  await node.must(["docker", "import", "--change", 'CMD ["/bin/sh"]', archive, IMAGE]);
}

function tail(file: string): string {
  return Deno.readTextFileSync(file).slice(-1500);
}
