import assert from "node:assert/strict";
import { TestCluster } from "../intent/testing.ts";
import type { MasterConfig } from "../model/records.ts";
import { MASTER_CONFIG } from "../state/keys.ts";
import { put } from "../state/plan.ts";
import { read } from "../state/snapshot.ts";
import { MANAGED_LABEL, wantedNetworks } from "./wanted_networks.ts";

function cluster(): TestCluster {
  const cluster = new TestCluster();
  cluster.network("net1", "10.1.0.0/24", { gateway: "10.1.0.254" });
  return cluster;
}

Deno.test("wantedNetworks names networks and groups as the original did", () => {
  const it = cluster();
  it.tenant("blue");
  it.network("net1", "10.1.0.0/24", { tenantName: "blue" });
  it.group("web", "net1");
  it.group("web", "net1", { tenantName: "blue" });
  const names = wantedNetworks(it.snapshot, "netplugin").map(({ body }) => body.Name).sort();
  assert.deepEqual(names, ["net1", "net1/blue", "web", "web/blue"]);
});

Deno.test("wantedNetworks tells the driver by options which network it is, to both of its halves", () => {
  const it = cluster();
  it.group("web", "net1");
  const web = wantedNetworks(it.snapshot, "contiv/v2plugin:1.0")
    .find(({ body }) => body.Name === "web")?.body;
  const names = { tenant: "default", network: "net1", group: "web" };
  assert.equal(web?.Driver, "contiv/v2plugin:1.0");
  assert.deepEqual(web?.IPAM, {
    Driver: "contiv/v2plugin:1.0",
    Options: names,
    Config: [{ Subnet: "10.1.0.0/24", Gateway: "10.1.0.254" }],
  });
  assert.deepEqual(web?.Options, { ...names, encap: "vxlan", "pkt-tag": "1" });
  assert.deepEqual(web?.Labels, { [MANAGED_LABEL]: "default:net1:web" });
});

Deno.test("wantedNetworks asks for both families, and for no gateway where there is none", () => {
  const it = new TestCluster();
  it.network("six", "10.1.0.0/24", { ipv6Subnet: "fd00:1::/64" });
  const [want] = wantedNetworks(it.snapshot, "netplugin");
  assert.equal(want?.body.EnableIPv6, true);
  assert.deepEqual(want?.body.IPAM.Config, [{ Subnet: "10.1.0.0/24" }, { Subnet: "fd00:1::/64" }]);
});

Deno.test("wantedNetworks wants none of an infra network, nor under ACI", () => {
  const it = new TestCluster();
  it.network("infra", "10.9.0.0/24", { nwType: "infra" });
  assert.deepEqual(wantedNetworks(it.snapshot, "netplugin"), []);
  it.network("net1", "10.1.0.0/24");
  const config = read<MasterConfig>(it.snapshot, MASTER_CONFIG);
  const operations = [put(MASTER_CONFIG, { ...config, "nw-infra-type": "aci" })];
  it.apply({ compares: [], operations, result: undefined });
  assert.deepEqual(wantedNetworks(it.snapshot, "netplugin"), []);
});
