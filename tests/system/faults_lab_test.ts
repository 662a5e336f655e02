import assert from "node:assert/strict";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";
import { pingDuring, type PingResult } from "./ping.ts";

/** Two namespaces on one network of one host, and Contiv running there. */
async function setUp(
  lab: Lab,
): Promise<{ host: Host; contiv: Contiv; one: Namespace; two: Namespace }> {
  const host = await lab.host("a");
  const contiv = await Contiv.start(host);
  await contiv.ctl("network", "create", "--subnet=10.1.2.0/24", "--gateway=10.1.2.254", "net");
  const one = await Namespace.create(host, "one");
  const two = await Namespace.create(host, "two");
  for (const { name } of [one, two]) {
    await contiv.ctl("endpoint", "attach", `--netns=${name}`, "--network=net");
  }
  await one.mustReach("10.1.2.2");
  return { host, contiv, one, two };
}

/** One reply may be under way when ping is told to stop. */
function lossless(result: PingResult): boolean {
  return result.sent - result.received <= 1;
}

const inside = (name: string) => ["nsenter", `--net=/run/netns/${name}`, "--"];

Deno.test("traffic and state outlive what can happen to contiv and to what it stands on", async (t) => {
  await using lab = await Lab.create({ name: "faults" });
  const { host, contiv, one } = await setUp(lab);
  const flows = async () =>
    (await host.must(["ovs-ofctl", "dump-flows", "contiv0", "--no-stats"])).split("\n").sort();
  const before = await flows();

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await t.step(
      `a restart after ${signal} loses no packet between containers and changes no flow`,
      async () => {
        const result = await pingDuring(
          host,
          inside("one"),
          "10.1.2.2",
          () => contiv.restart(signal),
        );
        console.log(`${signal}: ${result.received} of ${result.sent} echo requests answered`);
        assert.ok(lossless(result), JSON.stringify(result));
        assert.deepEqual(await flows(), before);
      },
    );
  }
  await t.step("flows come back when ovs-vswitchd is killed", async () => {
    await host.kill("ovs-vswitchd");
    await waitFor(
      "ovs-vswitchd to be gone",
      async () => (await host.exec(["ovs-appctl", "--timeout=1", "version"])).code !== 0,
    );
    const start = performance.now();
    await host.startOvs();
    await waitFor("traffic", () => one.reaches("10.1.2.2"), 20_000);
    console.log(
      `traffic ${Math.round(performance.now() - start)} ms after ovs-vswitchd was started again`,
    );
    await waitFor(
      "the same flows",
      async () => JSON.stringify(await flows()) === JSON.stringify(before),
    );
  });
  await t.step("everything comes back when both daemons of Open vSwitch are killed", async () => {
    await host.kill("ovs-vswitchd");
    await host.kill("ovsdb-server");
    await host.startOvs();
    await waitFor("traffic", () => one.reaches("10.1.2.2"), 20_000);
    await contiv.ready();
  });
  await t.step("a port deleted by hand comes back", async () => {
    await host.must(["ovs-vsctl", "del-port", "contiv0", "vvport1"]);
    await waitFor("traffic", () => one.reaches("10.1.2.2"), 10_000);
  });
  await t.step("the bridge deleted by hand comes back with everything on it", async () => {
    await host.must(["ovs-vsctl", "del-br", "contiv0"]);
    await waitFor("traffic", () => one.reaches("10.1.2.2"), 15_000);
    await waitFor("the outside", () => one.reaches(lab.outside().address), 10_000);
  });
  await t.step("flows deleted by hand come back with the next comparison", async () => {
    await host.must(["ovs-ofctl", "del-flows", "contiv0"]);
    await contiv.restart();
    await waitFor("traffic", () => one.reaches("10.1.2.2"), 10_000);
  });
  await t.step("an interface that vanished is made again in its namespace", async () => {
    await host.must(["ip", "link", "delete", "vvport1"]);
    await waitFor("traffic", () => one.reaches("10.1.2.2"), 15_000);
  });
  await t.step(
    "a namespace that is gone is reported, and its endpoint can be detached",
    async () => {
      const gone = await Namespace.create(host, "gone");
      await contiv.ctl("endpoint", "attach", "--netns=gone", "--network=net");
      await gone.delete();
      await waitFor("the report", async () => {
        const list = JSON.parse(await contiv.ctl("endpoint", "ls", "--json"));
        return JSON.stringify(list).includes("degraded") ||
          JSON.stringify(list).includes("namespace");
      }, 15_000);
      await one.mustReach("10.1.2.2");
      await contiv.ctl("endpoint", "detach", "gone");
      assert.doesNotMatch(await contiv.ctl("endpoint", "ls"), /gone/);
    },
  );
  await t.step("NAT rules flushed by somebody come back", async () => {
    await host.must(["iptables", "-t", "nat", "-F", "POSTROUTING"]);
    await contiv.restart();
    await one.mustReach(lab.outside().address);
  });
  await t.step(
    "contiv waits for an Open vSwitch that cannot start, says why, and refuses attachments meanwhile",
    async () => {
      await contiv.stop();
      await host.stopOvs();
      const database = "/etc/openvswitch/conf.db";
      await host.must(["mv", database, `${database}.kept`]);
      await host.must(["sh", "-c", `echo garbage > ${database}`]);
      contiv.launch();
      await waitFor(
        "the reason in the log",
        () => contiv.tail().includes("cannot start Open vSwitch"),
        10_000,
      );
      const refused = await contiv.run(["endpoint", "attach", "--netns=one", "--network=net"]);
      assert.equal(refused.code, 3);
      assert.match(refused.stderr, /agent has not started yet/);
      await contiv.ctl("network", "ls");
      await host.must(["mv", `${database}.kept`, database]);
      await contiv.ready();
      await one.mustReach("10.1.2.2");
    },
  );
});
