import assert from "node:assert/strict";
import { EtcdCluster } from "./etcd.ts";
import { identify, isAlive, sendSignal } from "./process_table.ts";
import { waitFor } from "./wait.ts";

Deno.test("EtcdCluster keeps its data when a member is killed and started again", async () => {
  await using cluster = await EtcdCluster.start({ size: 3 });
  await cluster.ctl(["put", "a", "1"]);
  const leader = await cluster.leader();
  await leader.kill();
  assert.equal(leader.running, false);
  leader.start();
  await cluster.serves();
  const endpoints = [leader.endpoint];
  assert.equal(await cluster.ctl(["get", "--print-value-only", "a"], { endpoints }), "1\n");
});

Deno.test("EtcdCluster dies with the process that started it", async () => {
  const module = new URL("./etcd.ts", import.meta.url).href;
  const program = `
    import { EtcdCluster } from ${JSON.stringify(module)};
    const cluster = await EtcdCluster.start();
    console.log(cluster.directory, cluster.members[0].pid);
    setInterval(() => {}, 1000);`;
  const owner = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=js", program],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = owner.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const [directory, pid] = ((await reader.read()).value ?? "").trim().split(" ");
  const etcd = identify(Number(pid));
  assert.ok(etcd && directory, "the member runs");
  sendSignal(owner.pid, "SIGKILL");
  await owner.status;
  await reader.cancel();
  await waitFor("the member to end", () => !isAlive(etcd));
  await Deno.remove(directory, { recursive: true });
});
