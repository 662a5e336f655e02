import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Cluster } from "./cluster.ts";
import { Contiv } from "./contiv.ts";

Deno.test("an agent that slept until another host had its label ends, and its containers' traffic goes on", async () => {
  await using lab = await Lab.create({ name: "labellost" });
  const cluster = await Cluster.start(lab, 1);
  await cluster.ctl("network", "create", "--subnet=10.1.2.0/24", "--gateway=10.1.2.254", "net");
  const web = await cluster.attach(0, "web", "--network=net");
  await cluster.attach(0, "db", "--network=net");
  const { host, agent } = cluster.member(0);

  const { pid } = agent;
  if (pid === undefined) throw new Error("the agent does not run");
  Deno.kill(pid, "SIGSTOP");
  const other = await lab.host("z");
  await other.startUnderlay();
  const twin = new Contiv(other, {
    role: "plugin",
    args: [cluster.store, "--plugin-socket=none", `--host=${host.name}`],
  });
  twin.launch();
  await waitFor("the refusal while the lease lives", () => /label a is taken/.test(twin.tail()));
  await twin.ready(40_000);
  // nsenter, which waits for the agent, stops along with it.
  for (const each of [parentOf(pid), pid]) Deno.kill(each, "SIGCONT");

  const { code } = await agent.ended(30_000);
  assert.equal(code, 1);
  assert.match(agent.tail(), /the host label a is taken: the host at 198\.18\.0\.2/);
  await web.mustReach("10.1.2.2");
  await twin.stop();
});

function parentOf(pid: number): number {
  const [, parent] = /^PPid:\s+(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
  return Number(parent);
}
