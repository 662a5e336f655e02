import assert from "node:assert/strict";
import { startConsul } from "../lab/consul.ts";
import { waitFor } from "../lab/wait.ts";
import { MasterProcess } from "./master_process.ts";

const TOKEN = "11111111-2222-3333-4444-555555555555";

Deno.test("a master uses every server of Consul and its token, however they are given", async (t) => {
  const consul = await startConsul({ servers: 3, masterToken: TOKEN });
  await using _ = { [Symbol.asyncDispose]: () => consul.close() };
  await consul.kill(0);
  const bare = consul.endpoints.join(",");
  const urls = consul.endpoints.map((endpoint) => `http://${endpoint}`).join(",");
  const ways: [way: string, args: string[], env: Record<string, string>][] = [
    ["--consul-endpoints", ["--consul-endpoints", urls], {}],
    ["-cluster-store=consul://", [`-cluster-store=consul://${bare}`], {}],
    ["CONTIV_NETMASTER_CONSUL_ENDPOINTS", [], { CONTIV_NETMASTER_CONSUL_ENDPOINTS: urls }],
  ];
  for (const [way, args, env] of ways) {
    await t.step(way, async () => {
      const token = { CONTIV_STORE_TOKEN: TOKEN };
      await using master = new MasterProcess({ args, env: { ...env, ...token } });
      master.launch();
      await master.serves();
      const expected = consul.endpoints.map((endpoint, index) => [endpoint, index > 0]);
      // A server that has just lost its leader serves again when another is elected.
      await waitFor("the health of every server", async () => {
        const { store } = await master.health();
        const found = store.members.map(({ endpoint, healthy }) => [endpoint, healthy]);
        return JSON.stringify(found) === JSON.stringify(expected);
      });
      const name = `t${master.port}`;
      const made = await master.call("POST", `/api/v1/tenants/${name}/`, { tenantName: name });
      assert.equal(made.status, 200, made.text);
      const shown = await master.commandLine() + master.log + JSON.stringify(await master.health());
      assert.ok(!shown.includes(TOKEN), "a secret is shown");
    });
  }
});
