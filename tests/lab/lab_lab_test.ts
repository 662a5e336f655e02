import assert from "node:assert/strict";
import { join } from "node:path";
import { must, run } from "./command.ts";
import { IMAGE } from "./image.ts";
import { Lab } from "./lab.ts";
import { isAlive } from "./process_table.ts";
import { listLabs, recordedHosts, sweepLabs } from "./registry.ts";
import { waitFor } from "./wait.ts";

Deno.test("hosts reach each other and the outside over IPv4 and IPv6", async () => {
  await using lab = await Lab.create({ name: "reach" });
  const [a, b] = await Promise.all([lab.host("a"), lab.host("b")]);
  const outside = lab.outside();
  for (const target of [b.address, b.address6, outside.address, outside.address6]) {
    await a.must(["ping", "-c", "1", "-W", "5", target]);
  }
  assert.equal((await a.must(["hostname"])).trim(), "a");
});

Deno.test("a host's files, processes and links are its own", async () => {
  await using lab = await Lab.create({ name: "own" });
  const [a, b] = await Promise.all([lab.host("a"), lab.host("b")]);
  await a.must(["touch", "/run/only-a", "/etc/only-a", "/var/lib/contiv/only-a"]);
  for (const file of ["/run/only-a", "/etc/only-a", "/var/lib/contiv/only-a"]) {
    assert.notEqual((await b.exec(["test", "-e", file])).code, 0, `${file} in the other host`);
    assert.notEqual((await run(["test", "-e", file])).code, 0, `${file} on the machine`);
  }
  assert.match(await a.must(["cat", "/proc/1/cmdline"]), /host_init/);
});

Deno.test("a program in a host gets signals, and its end is seen", async () => {
  await using lab = await Lab.create({ name: "signal" });
  const host = await lab.host("a");
  const program = host.spawn(["sleep", "1000"]);
  await waitFor("the program to run", () => program.pid);
  program.kill("SIGKILL");
  assert.equal((await program.status).signal, "SIGKILL");
});

Deno.test("Open vSwitch runs in a host, and again after SIGKILL", async () => {
  await using lab = await Lab.create({ name: "ovs" });
  const host = await lab.host("a");
  await host.startOvs();
  await host.must([
    "ovs-vsctl",
    "add-br",
    "br0",
    "--",
    "set",
    "Bridge",
    "br0",
    "datapath_type=netdev",
  ], {
    deadline: 10_000,
  });
  await host.kill("ovs-vswitchd", "SIGKILL");
  await waitFor(
    "ovs-vswitchd to be gone",
    async () => (await host.exec(["ovs-appctl", "--timeout=1", "version"])).code !== 0,
  );
  await host.startOvs();
  assert.match(await host.must(["ovs-vsctl", "list-br"]), /^br0$/m);
});

Deno.test("a Docker engine runs a container in a host", async () => {
  await using lab = await Lab.create({ name: "docker" });
  const host = await lab.host("a");
  await host.startDocker();
  const said = await host.must(["docker", "run", "--rm", IMAGE, "echo", "hello"]);
  assert.equal(said.trim(), "hello");
  await host.stopDocker();
  assert.notEqual((await host.exec(["docker", "version"])).code, 0);
});

Deno.test("live-restored containers outlast the engine's SIGKILL", async () => {
  await using lab = await Lab.create({ name: "live" });
  const host = await lab.host("a");
  await host.startDocker({ liveRestore: true });
  await host.must(["docker", "run", "-d", "--name", "c1", IMAGE, "sleep", "1000"]);
  await host.stopDocker("SIGKILL");
  await host.startDocker({ liveRestore: true });
  const state = await host.must(["docker", "inspect", "-f", "{{.State.Running}}", "c1"]);
  assert.equal(state.trim(), "true");
});

Deno.test("a sweep after the owner's SIGKILL leaves nothing", async () => {
  const before = await traces();
  const owner = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(import.meta.dirname ?? ".", "main.ts"), "keep", "orphan", "a"],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const record = await waitFor("the other program's lab to be up", () => {
    const lab = listLabs().find((lab) => lab.owner.pid === owner.pid);
    return lab && recordedHosts(lab).size === 2 ? lab : undefined;
  }, 20_000);
  const hosts = [...recordedHosts(record).values()];
  await must(["nsenter", `--target=${hosts[0]?.pid}`, "--pid", "--mount", "--net", "true"]);

  owner.kill("SIGKILL");
  await owner.output();
  await waitFor("the hosts to end with their owner", () => !hosts.some(isAlive));
  await sweepLabs();
  assert.ok(!listLabs().some((lab) => lab.id === record.id));
  await assert.rejects(Deno.stat(record.directory), Deno.errors.NotFound);
  const left = await waitFor("the machine to be as before", async () => {
    const after = await traces();
    return after.every((trace) => before.includes(trace)) ? [] : undefined;
  });
  assert.deepEqual(left, []);
});

/** What a lab could leave on the machine: named namespaces, mounts, links. Other labs leave none there either. */
async function traces(): Promise<string[]> {
  const lines = await Promise.all([
    must(["ip", "-o", "link", "show"]),
    must(["ip", "netns", "list"]),
    Deno.readTextFile("/proc/self/mountinfo"),
  ]);
  return lines.flatMap((text) => text.split("\n")).filter((line) => line.includes("contiv-lab"));
}
