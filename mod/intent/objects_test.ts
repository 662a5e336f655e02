import assert from "node:assert/strict";
import fc from "fast-check";
import type { ModelObject } from "../model/object.ts";
import { objectTypes } from "../model/registry.ts";
import { IntentError } from "./error.ts";
import { inspectObject, listObjects, putObject } from "./objects.ts";
import { refusalOf, TestCluster } from "./testing.ts";

const GLOBAL = {
  name: "global",
  fwdMode: "routing",
  arpMode: "proxy",
  networkInfraType: "default",
  pvtSubnet: "172.19.0.0/16",
  vlans: "1-4094",
  vxlans: "1-10000",
};

type Verdict = readonly [body: ModelObject, refusal: string | undefined];

function check(
  cluster: TestCluster,
  put: (body: ModelObject) => unknown,
  verdicts: Verdict[],
): void {
  for (const [body, refusal] of verdicts) {
    const before = cluster.snapshot;
    if (refusal === undefined) put(body);
    else assert.equal(refusalOf(() => put(body)).message, refusal, JSON.stringify(body));
    cluster.snapshot = before;
  }
}

Deno.test("global accepts and refuses what the original did when nothing exists", () => {
  const cluster = new TestCluster();
  check(cluster, (it) => cluster.put("globals", "global", { ...GLOBAL, ...it }), [
    [{ networkInfraType: "aci", arpMode: "flood" }, undefined],
    [{ vlans: "1-1000", vxlans: "1001-2000" }, undefined],
    [{ networkInfraType: "xyz" }, "networkInfraType string invalid format"],
    [{ vlans: "1-5000" }, "invalid range 1-5000, vlan values exceed 4095 max allowed"],
    [{ vlans: "0-4094" }, "invalid range 0-4094, values less than 1"],
    [{ vlans: "20-10" }, "invalid range 20-10, min is greater than max"],
    [{ vlans: "1" }, "vlans string invalid format"],
    [{ vlans: "1?2" }, "vlans string invalid format"],
    [{ vlans: 5 }, "vlans must be a string, not a number"],
    [{ vxlans: "1-100000" }, "invalid range 1-100000, vlan values exceed 65535 max allowed"],
    [{ vxlans: "1-20000" }, "does not allow vxlan range to exceed 16000 range 1-20000"],
    [{ pvtSubnet: "172.21.0.0/16", fwdMode: "bridge" }, undefined],
    [{ pvtSubnet: "172.21.0.0/24" }, "pvtSubnet string invalid format"],
  ]);
});

Deno.test("global refuses what would break existing networks", () => {
  const cluster = new TestCluster();
  for (const [name, pktTag] of [["a", 10], ["b", 11], ["c", 300]] as const) {
    cluster.network(name, `10.1.${pktTag % 256}.0/24`, { encap: "vlan", pktTag });
  }
  cluster.network("d", "10.2.0.0/24", { pktTag: 1000 });
  check(cluster, (it) => cluster.put("globals", "global", { ...GLOBAL, ...it }), [
    [{ vlans: "9-301" }, undefined],
    [{ vlans: "50-301" }, "cannot update the vlan range due to existing vlans 10-11, 300"],
    [{ vlans: "1-200" }, "cannot update the vlan range due to existing vlans 10-11, 300"],
    [{ vxlans: "1-20000" }, "cannot update the vxlan range due to existing vxlans 1000"],
    [{ arpMode: "flood" }, undefined],
    [
      { fwdMode: "bridge" },
      "Unable to update forwarding mode due to existing 3 vlans and 1 vxlans",
    ],
    [
      { pvtSubnet: "172.20.0.0/16" },
      "Unable to update private subnet due to existing 3 vlans and 1 vxlans",
    ],
  ]);
});

Deno.test("network accepts and refuses what the original did", () => {
  const cluster = new TestCluster();
  const base = { tenantName: "default", networkName: "n", encap: "vxlan", subnet: "10.1.1.1/24" };
  const invalid = (field: string) => `${field} string invalid format`;
  const range = "Network subnet format not valid";
  check(cluster, (it) => {
    const body = { ...base, ...it };
    return cluster.put("networks", `${body.tenantName}:${body.networkName}`, body);
  }, [
    [{ networkName: "contiv:invalid" }, invalid("networkName")],
    [{ networkName: "contiv|invalid" }, invalid("networkName")],
    [{ networkName: "-invalid" }, invalid("networkName")],
    [{ networkName: "x".repeat(65) }, "networkName string too long"],
    [{ nwType: "infra" }, undefined],
    [
      { nwType: "infra", networkName: "sixteen-letters0" },
      "infra network sixteen-letters0 cannot be an interface of that name: it is longer than 15 bytes",
    ],
    [
      { nwType: "infra", networkName: "contivh0" },
      "infra network contivh0 cannot be an interface of that name: hosts have one already",
    ],
    [{ nwType: "infratest" }, invalid("nwType")],
    [{ nwType: "datatest" }, invalid("nwType")],
    [{ encap: "vvvv" }, invalid("encap")],
    [{ gateway: "10.1.1.254" }, undefined],
    [{ subnet: "10.1.1.10-10.1.1.20/24" }, undefined],
    [{ subnet: "10.1.1.10-10.1.5.254/16", gateway: "10.1.254.254" }, undefined],
    [{ subnet: "10.1.1.10-20/24" }, invalid("subnet")],
    [{ subnet: "10.1.1.10-10.1.20/24" }, invalid("subnet")],
    [{ subnet: "10.1.1.20-10.1.1.10/24" }, range],
    [{ subnet: "10.1.1.10-10.1.2.30/24" }, range],
    [{ subnet: "10.1.1.10-10.2.1.30/16" }, range],
    [{ subnet: "10.1.1/24" }, invalid("subnet")],
    [{ subnet: "10.1.1.256/24" }, invalid("subnet")],
    [{ subnet: "10.1.1.1-70/26" }, invalid("subnet")],
    [{ subnet: "10.1.1.1/32" }, invalid("subnet")],
    [{ subnet: "10.0.0.0/7" }, "subnet length 7 not supported"],
    [{ ipv6Subnet: "2016:0617::/128" }, invalid("ipv6Subnet")],
    [{ ipv6Subnet: "2016:0617::/120" }, undefined],
    [{ ipv6Subnet: "2016:0617::/118" }, undefined],
    [{ ipv6Gateway: "2016::1" }, "ipv6Gateway needs an ipv6Subnet"],
    [{ tenantName: "nobody" }, "Tenant not found"],
    [{ encap: "vlan", pktTag: 5000 }, "requested vlan not available - vlan:5000"],
    [{ pktTag: 20000 }, "requested vxlan is out of range"],
    [{ pktTag: -1 }, "pktTag Value Out of bound"],
    [{ pktTag: 1.5 }, "pktTag must be an integer, not a fraction"],
    [
      { subnet: "20.1.9.0/24", gateway: "20.2.9.1" },
      "hostIP 20.2.9.1 is exceeding beyond subnet 20.1.9.0/24, hostID 65537",
    ],
    [{ cfgdTag: "io.contiv.network.test" }, undefined],
    [{ cfgdTag: "tag=contiv-net" }, invalid("cfgdTag")],
    [{ cfgdTag: "io.contiv.network/test" }, invalid("cfgdTag")],
  ]);
  assert.equal(refusalOf(() => cluster.put("networks", "default:x", base)).message, "Invalid Key");
  assert.equal(
    refusalOf(() => cluster.remove("networks", "default:x")).message,
    "network not found",
  );
});

Deno.test("network refuses an overlap within its tenant only", () => {
  const cluster = new TestCluster();
  cluster.tenant("blue");
  cluster.network("net1", "10.1.1.10-10.1.1.45/24", { ipv6Subnet: "2001:2000::/32" });
  check(cluster, (it) => cluster.network("net2", "10.9.0.0/24", it), [
    [{ subnet: "10.1.1.0-10.1.1.9/24" }, undefined],
    [{ subnet: "10.1.1.46-10.1.1.100/24" }, undefined],
    [
      { subnet: "10.1.1.45-10.1.1.100/24" },
      "network net1 conflicts with subnet 10.1.1.45-10.1.1.100/24",
    ],
    [{ subnet: "10.1.0.0/16", encap: "vlan" }, "network net1 conflicts with subnet 10.1.0.0/16"],
    [
      { ipv6Subnet: "2001:2000:1234:4422::/64" },
      "network net1 conflicts with subnetv6  2001:2000:1234:4422::/64",
    ],
    [{ tenantName: "blue", subnet: "10.1.1.0/24", ipv6Subnet: "2001:2000::/32" }, undefined],
  ]);
});

Deno.test("groups are refused for what is missing, in the original's words, and leave no trace", () => {
  const cluster = new TestCluster();
  cluster.network("net1", "20.1.1.0/24", { gateway: "20.1.1.254" });
  cluster.group("pooled", "net1", { ipPool: "20.1.1.100-20.1.1.110" });
  check(cluster, (it) => cluster.group("g", "net1", it), [
    [{}, undefined],
    [{ tenantName: "nobody" }, "Tenant not found"],
    [{ networkName: "nonet" }, "Network nonet not found"],
    [{ policies: ["nopol"] }, "Policy not found"],
    [{ netProfile: "nonp" }, "netprofile not found"],
    [{ extContractsGrps: ["noec"] }, "External contracts group noec not found"],
    [
      { ipPool: "30.1.1.1-30.1.1.9" },
      "bad ip-pool 30.1.1.1-30.1.1.9, EPG ip-pool must be a subset of network 20.1.1.0/24",
    ],
    [{ ipPool: "20.1.1.105-20.1.1.120" }, "ip address 20.1.1.105 is not available"],
    [{ ipPool: "20.1.1.250-20.1.1.254" }, "ip address 20.1.1.254 is not available"],
    [{ ipPool: "20.1.1.9-20.1.1.5" }, "invalid ip-pool 20.1.1.9-20.1.1.5"],
    [{ ipPool: "20.1.1.5" }, undefined],
  ]);
  assert.equal(
    refusalOf(() => cluster.group("net1", "net1")).message,
    "Network net1 conflicts with the endpointGroup name",
  );
  assert.equal(
    refusalOf(() => cluster.network("pooled", "9.0.0.0/24")).message,
    "EndpointGroup pooled conflicts with the network name",
  );
});

Deno.test("deleting frees all that a tenant's objects held", () => {
  const cluster = new TestCluster();
  cluster.tenant("blue");
  const before = cluster.snapshot.list("").map((item) => [item.key, item.value]);
  const blue = { tenantName: "blue" };
  cluster.network("net1", "20.1.1.0/24", blue);
  cluster.group("g", "net1", { ...blue, ipPool: "20.1.1.5" });
  const endpoint = cluster.endpoint("e1", { tenant: "blue", group: "g" });
  assert.equal(endpoint.ipAddress, "20.1.1.5");
  const refuse = (plural: string, key: string) => refusalOf(() => cluster.remove(plural, key));
  assert.equal(refuse("tenants", "blue").message, "cannot delete blue has 1 endpoint groups");
  assert.equal(refuse("networks", "blue:net1").message, "cannot delete net1 has 1 endpoint groups");
  const active = refuse("endpointGroups", "blue:g");
  assert.equal(active.message, "Error: EPG g has active endpoints");
  assert.match(active.advice ?? "", /e1 on hostA/);
  cluster.removeEndpoint("e1");
  cluster.remove("endpointGroups", "blue:g");
  cluster.remove("networks", "blue:net1");
  assert.deepEqual(cluster.snapshot.list("").map((item) => [item.key, item.value]), before);
  cluster.remove("tenants", "blue");
  assert.equal(listObjects(cluster.snapshot, "tenants").length, 1);
});

Deno.test("inspect documents are the original's to the byte", () => {
  const cluster = new TestCluster();
  cluster.network("net1", "20.1.1.0/24", { gateway: "20.1.1.254" });
  assert.equal(
    JSON.stringify(inspectObject(cluster.snapshot, "networks", "default:net1")),
    `{"Config":{"key":"default:net1","encap":"vxlan","gateway":"20.1.1.254","networkName":"net1","nwType":"data","subnet":"20.1.1.0/24","tenantName":"default","link-sets":{},"links":{"Tenant":{"type":"tenant","key":"default"}}},"Oper":{"allocatedIPAddresses":"20.1.1.254","availableIPAddresses":"20.1.1.1-20.1.1.253","externalPktTag":1,"networkTag":"net1.default","pktTag":1}}`,
  );
  assert.equal(
    JSON.stringify(inspectObject(new TestCluster().snapshot, "globals", "global")),
    `{"Config":{"key":"global","arpMode":"proxy","fwdMode":"routing","name":"global","networkInfraType":"default","pvtSubnet":"172.19.0.0/16","vlans":"1-4094","vxlans":"1-10000"},"Oper":{"clusterMode":"docker"}}`,
  );
});

Deno.test("hostile bodies throw nothing but IntentError", () => {
  const cluster = new TestCluster();
  cluster.network("net1", "20.1.1.0/24");
  const value = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("\0", "\ud800", "__proto__", "1.1.1.1-", "/", "9".repeat(500), -0, 1e300),
  );
  for (const type of objectTypes) {
    const body = fc.record(Object.fromEntries(type.fields.map((field) => [field, value])), {
      requiredKeys: [],
    });
    fc.assert(
      fc.property(body, fc.boolean(), (hostile, valid) => {
        const base = valid
          ? {
            tenantName: "default",
            networkName: "n",
            groupName: "g",
            encap: "vxlan",
            subnet: "1.0.0.0/24",
          }
          : {};
        const fields: ModelObject = { ...base, ...hostile };
        // Not String(): an object's toString may be hostile as well.
        const key = type.keyFields.map((field) => JSON.stringify(fields[field])).join(":")
          .replaceAll('"', "");
        try {
          putObject(cluster.snapshot, type.plural, key, fields, { now: 1, clusterMode: "docker" });
        } catch (error) {
          if (!(error instanceof IntentError)) throw error;
        }
      }),
      { numRuns: 200, examples: [[{ [type.keyFields[0] ?? "x"]: { toString: false } }, false]] },
    );
  }
});
