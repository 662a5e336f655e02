import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Cluster, flowsOf, forgets } from "./cluster.ts";
import { consulWithToken, etcdWithTls } from "./cluster_stores.ts";
import { Namespace } from "./namespace.ts";
import { pingDuring } from "./ping.ts";

const NETWORK = [
  "--subnet=10.1.2.0/24",
  "--gateway=10.1.2.254",
  "--subnetv6=2001:db8:1:2::/64",
  "--gatewayv6=2001:db8:1:2::fe",
];
/** An election, and the patience of those who had no answer. */
const STORE_BACK_MS = 60_000;

for (
  const [name, lab, start] of [
    ["etcd with TLS and a password", "cetcd", etcdWithTls],
    ["Consul with a token", "cconsul", consulWithToken],
  ] as const
) {
  Deno.test(`two hosts on three servers of ${name}`, (t) => onStore(t, lab, start));
}

async function onStore(
  t: Deno.TestContext,
  name: string,
  startStore: typeof etcdWithTls,
): Promise<void> {
  await using lab = await Lab.create({ name });
  await using store = await startStore(lab);
  const cluster = await Cluster.start(lab, 2, store.options);
  const [a, b] = [cluster.member(0), cluster.member(1)];
  await waitFor(
    "the master",
    async () => (await a.agent.run(["network", "create", ...NETWORK, "net"])).code === 0,
  );
  const web = await cluster.attach(0, "web", "--network=net");
  await cluster.attach(1, "db", "--network=net");

  for (const address of ["10.1.2.2", "2001:db8:1:2::2"]) {
    await t.step(`containers reach each other at ${address}`, () => web.mustReach(address));
  }

  await t.step("a container that is detached leaves no flow on the other host", async () => {
    await cluster.attach(1, "short", "--network=net", "--ip=10.1.2.77");
    await web.mustReach("10.1.2.77");
    await b.agent.ctl("endpoint", "detach", "short");
    await forgets(a.host, "10.1.2.77");
  });

  await t.step("a restart of an agent changes no flow", async () => {
    const before = await flowsOf(a.host);
    assert.ok(before.some((line) => line.includes("10.1.2.2")));
    await a.agent.restart();
    assert.deepEqual(await flowsOf(a.host), before);
  });

  await t.step("with one server dead, containers come, go and reach each other", async () => {
    await store.kill(0);
    await Namespace.create(b.host, "second");
    const attach = ["endpoint", "attach", "--netns=second", "--network=net", "--ip=10.1.2.50"];
    let answer = "";
    await waitFor("an attachment", async () => {
      const { code, stderr } = await b.agent.run(attach);
      answer = stderr;
      return code === 0;
    }, STORE_BACK_MS).catch((cause) => {
      throw new Error(answer, { cause });
    });
    await web.mustReach("10.1.2.50");
    await b.agent.ctl("endpoint", "detach", "second");
    store.start(0);
  });

  await t.step("an agent that starts while all servers are away touches nothing", async () => {
    const before = await flowsOf(b.host);
    for (let server = 0; server < store.size; server++) await store.kill(server);
    const enter = ["nsenter", "--net=/run/netns/web", "--"];
    const { sent, received } = await pingDuring(a.host, enter, "10.1.2.2", async () => {
      await b.agent.stop("SIGKILL");
      const said = b.agent.tail(1_000_000).match(/The store .* is away/g)?.length ?? 0;
      b.agent.launch();
      await waitFor("the agent to say so", () => {
        return (b.agent.tail(1_000_000).match(/The store .* is away/g)?.length ?? 0) > said;
      }, STORE_BACK_MS);
    });
    assert.equal(received, sent);
    assert.deepEqual(await flowsOf(b.host), before);
  });

  await t.step("it works when they are back, without a restart", async () => {
    const before = await flowsOf(b.host);
    for (let server = 0; server < store.size; server++) store.start(server);
    await b.agent.ready(STORE_BACK_MS);
    assert.deepEqual(await flowsOf(b.host), before);
    await web.mustReach("10.1.2.2");
  });

  await t.step("a host that joins is reachable", async () => {
    await cluster.add();
    await cluster.attach(2, "late", "--network=net", "--ip=10.1.2.88");
    await web.mustReach("10.1.2.88");
  });

  await t.step("no secret is shown", async () => {
    for (const contiv of [cluster.master, a.agent, b.agent]) {
      const argv = await Deno.readTextFile(`/proc/${contiv.pid}/cmdline`);
      assert.ok(argv.includes("contiv") || argv.includes("main.ts"), argv);
      const log = await Deno.readTextFile(contiv.log);
      assert.ok(!`${argv} ${log}`.includes(store.secret));
    }
  });
}
