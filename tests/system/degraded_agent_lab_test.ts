import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Calls } from "./chaos/calls.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";

const ETCD = "127.0.0.1:2379";
const etcd = [
  "etcd",
  "--data-dir=/run/etcd",
  `--listen-client-urls=http://${ETCD}`,
  `--advertise-client-urls=http://${ETCD}`,
];
/** A driver's call has to be answered before the engine gives up. */
const CALL_MS = 20_000;

Deno.test("an agent that starts while its store is away answers Docker at once, touches nothing, and works when the store comes", async (t) => {
  await using lab = await Lab.create({ name: "degr" });
  const host = await lab.host("a");
  await host.startOvs();
  const contiv = new Contiv(host, { args: [`--etcd=${ETCD}`] });
  contiv.launch();
  const calls = Calls.open(host);
  await using _ = { [Symbol.asyncDispose]: () => calls.close() };

  await t.step("Plugin.Activate and capabilities are answered", async () => {
    await waitFor(
      "Docker's socket",
      async () => (await calls.driver("Plugin.Activate", {})).status === 200,
    );
    for (const name of ["NetworkDriver.GetCapabilities", "IpamDriver.GetCapabilities"]) {
      const start = performance.now();
      assert.equal((await calls.driver(name, {})).status, 200);
      assert.ok(performance.now() - start < 1_000, name);
    }
  });

  await t.step("calls that need the store say in time that it is away", async () => {
    for (
      const call of [
        () =>
          calls.driver("NetworkDriver.CreateEndpoint", {
            NetworkID: "n",
            EndpointID: "e",
            Interface: {},
          }),
        () => calls.attach({ netns: "one", network: "net" }),
        () => calls.get("networks"),
      ]
    ) {
      const start = performance.now();
      const { status, text } = await call();
      assert.ok(performance.now() - start < CALL_MS);
      assert.ok(status >= 400, `${status} ${text}`);
      assert.match(text, /not (ready|read|started) yet/);
    }
  });

  await t.step("nothing is changed on the host", async () => {
    assert.equal((await host.must(["ovs-vsctl", "list-br"])).trim(), "");
    assert.doesNotMatch(await host.must(["iptables-save"]), /CONTIV/);
  });

  await t.step("it works as soon as the store does, without a restart", async () => {
    host.spawn(etcd);
    await contiv.ready();
    await contiv.ctl("network", "create", "--subnet=10.1.2.0/24", "--gateway=10.1.2.254", "net");
    const one = await Namespace.create(host, "one");
    assert.equal((await calls.attach({ netns: "one", network: "net" })).status, 200);
    await one.mustReach("10.1.2.254");
    assert.equal((contiv.tail(100_000).match(/The store .* is away/g) ?? []).length, 1);
  });
});
