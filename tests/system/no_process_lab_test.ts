/**
 * No process is started on any path that a change of endpoints takes: strace watches the running node meanwhile.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DockerCalls } from "../bench/docker_calls.ts";
import { must } from "../bench/http_request.ts";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { findNativeLibrary } from "../../drivers/ovs/native/library.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";

const ROUNDS = 10;
const SUBNET = "10.1.0.0/16";

Deno.test("contiv starts no process while endpoints, networks and groups come and go", async () => {
  assert.ok(await findNativeLibrary(), "the native library is needed; run: deno task build:native");
  await using lab = await Lab.create({ name: "noproc" });
  const host = await lab.host("a");
  await host.startOvs();
  const contiv = await Contiv.start(host, { args: ["--docker-socket=none"] });
  await contiv.ctl("network", "create", `--subnet=${SUBNET}`, "--gateway=10.1.255.254", "net");
  const namespaces = Array.from({ length: ROUNDS }, (_, at) => `n${at}`);
  for (const name of namespaces) await Namespace.create(host, name);
  const agent = host.path("/run/contiv/agent.sock");
  const driver = host.path("/run/docker/plugins/netplugin.sock");
  const docker = await DockerCalls.onNetwork(driver, "net", SUBNET);

  await using trace = await Trace.of(host, contiv);
  for (const netns of namespaces) {
    await must(agent, "POST", "/v1/endpoints", { network: "net", netns });
    const endpoint = await docker.connect();
    await contiv.ctl("network", "create", "--subnet=10.2.0.0/16", `other-${netns}`);
    await contiv.ctl("group", "create", "net", `group-${netns}`);
    await contiv.ctl("group", "rm", `group-${netns}`);
    await contiv.ctl("network", "rm", `other-${netns}`);
    await docker.disconnect(endpoint);
    await must(agent, "DELETE", `/v1/endpoints/${netns}`);
  }
  assert.deepEqual(trace.started(), []);

  // That the trace sees what there is to see: after a fault NAT rules are compared, by processes.
  await host.kill("ovs-vswitchd");
  await host.startOvs();
  await waitFor("the comparison after a fault to show", () => trace.started().length > 0);
});

/** What a Contiv in a lab host starts, from `of` on. */
class Trace implements AsyncDisposable {
  private constructor(
    private readonly file: string,
    private readonly tracer: Deno.ChildProcess,
  ) {}

  static async of(host: Host, contiv: Contiv): Promise<Trace> {
    const file = join(host.directory, "strace.log");
    const said = join(host.directory, "strace.err");
    const pid = youngest(contiv.pid ?? 0);
    const calls = "trace=execve,execveat,fork,vfork";
    const tracer = new Deno.Command("sh", {
      // sh takes standard error to a file, in which the attachment shows.
      args: [
        "-c",
        'exec strace -f -e "$1" -o "$2" -p "$3" 2>"$4"',
        "sh",
        calls,
        file,
        `${pid}`,
        said,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].length;
    await waitFor("strace to be attached", () => {
      const attached = read(said).match(/attached/g)?.length ?? 0;
      return attached > 0 && read(`/proc/${pid}/status`).match(/^TracerPid:\t[1-9]/m) !== null &&
        (attached >= threads || /with \d+ threads/.test(read(said)));
    });
    return new Trace(file, tracer);
  }

  /** Lines of strace: calls that start a process or a program. */
  started(): string[] {
    return read(this.file).split("\n").filter((line) => /\b(execve|execveat|v?fork)\(/.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The kernel lets go of what a dead tracer held; one that detaches by itself has to stop every thread first.
    this.tracer.kill("SIGKILL");
    await this.tracer.status;
  }
}

/** The last of a chain of children: `nsenter` stays as the parent of what it started. */
function youngest(pid: number): number {
  const [child] = read(`/proc/${pid}/task/${pid}/children`).trim().split(" ");
  return child ? youngest(Number(child)) : pid;
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
