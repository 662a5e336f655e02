import assert from "node:assert/strict";
import { join } from "node:path";
import { openEmbeddedStore } from "../../drivers/store/embedded/embedded_store.ts";
import { ENDPOINTS, NETWORKS } from "../../mod/state/keys.ts";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Cluster } from "./cluster.ts";

Deno.test("a record that a hand has broken stops nothing that does not need it, and is named until it is mended", async (t) => {
  await using lab = await Lab.create({ name: "brokenrec" });
  const cluster = await Cluster.start(lab, 1);
  for (const [index, name] of ["net", "odd"].entries()) {
    const subnet = `10.1.${index}`;
    await cluster.ctl(
      ...["network", "create", `--subnet=${subnet}.0/24`, `--gateway=${subnet}.254`, name],
    );
  }
  const web = await cluster.attach(0, "web", "--network=net");
  await cluster.attach(0, "db", "--network=net");
  await cluster.attach(0, "queer", "--network=odd");
  const { host, agent } = cluster.member(0);
  const store = await openEmbeddedStore({ path: join(lab.directory, "store.db") });
  await using _ = { [Symbol.asyncDispose]: () => store.close() };
  const first = (await store.list(`${ENDPOINTS}net.default-`)).items
    .find(({ value }) => value.includes('"10.1.0.1"'));
  assert.ok(first);
  const network = await store.get(`${NETWORKS}odd.default`);
  assert.ok(network);
  const broken = [first.key, network.key];

  await t.step("the agent goes on with what it last read, and takes new endpoints", async () => {
    await store.transact([], broken.map((key) => ({ type: "put", key, value: "{" })));
    await waitFor("the warning", async () => {
      const said = await health(host);
      return broken.every((key) => said.includes(key));
    });
    await web.mustReach("10.1.0.2");
    await cluster.attach(0, "late", "--network=net");
    await web.mustReach("10.1.0.3");
    await web.mustReach("10.1.1.1");
  });

  await t.step("a change that needs such a record is refused with its name", async () => {
    await assert.rejects(
      cluster.ctl("endpoint", "detach", "web"),
      /state\/eps\/net\.default-\S+ is no JSON/,
    );
    await web.mustReach("10.1.0.2");
  });

  await t.step("an agent that starts meanwhile serves all others", async () => {
    await agent.restart("SIGKILL");
    const late = await cluster.attach(0, "later", "--network=net");
    await late.mustReach("10.1.0.2");
    await late.mustReach("10.1.0.3");
  });

  await t.step("once they are mended all is as it was, and no address has two owners", async () => {
    await store.transact(
      [],
      [first, network].map(({ key, value }) => ({ type: "put", key, value })),
    );
    await waitFor("no warning", async () => !/no JSON/.test(await health(host)));
    await waitFor("the endpoint", () => web.reaches("10.1.0.2"));
    await web.mustReach("10.1.1.1");
  });
});

function health(host: Host): Promise<string> {
  const socket = "/run/contiv/agent.sock";
  return host.must(["curl", "-s", "--unix-socket", socket, "http://localhost/healthz"]);
}
