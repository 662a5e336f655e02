import { startConsul } from "../../../tests/lab/consul.ts";
import { storeConformance } from "../conformance.ts";
import { openConsulStore } from "./consul_store.ts";

const cluster = await startConsul();
Deno.test.afterAll(() => cluster.close());

// Consul's shortest session, as its servers come.
storeConformance("consul", () => openConsulStore({ endpoints: cluster.endpoints }), {
  leaseTtl: 10_000,
});
