import { EtcdCluster } from "../../../tests/lab/etcd.ts";
import { storeConformance } from "../conformance.ts";
import { openEtcdStore } from "./etcd_store.ts";

for (const size of [1, 3]) {
  let cluster: EtcdCluster | undefined;
  Deno.test.beforeAll(async () => {
    cluster = await EtcdCluster.start({ size });
  });
  Deno.test.afterAll(async () => await cluster?.close());
  storeConformance(
    size === 1 ? "etcd" : `etcd (${size} members)`,
    () => openEtcdStore({ endpoints: cluster?.endpoints ?? [] }),
  );
}
