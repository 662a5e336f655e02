import assert from "node:assert/strict";
import { TestCluster } from "../intent/testing.ts";
import type { MasterConfig } from "../model/records.ts";
import { MASTER_CONFIG } from "../state/keys.ts";
import { put } from "../state/plan.ts";
import { read } from "../state/snapshot.ts";
import { recordMapping } from "./mapping.ts";
import { decideNetworks, type EngineNetwork, MANAGED_LABEL, wantedNetworks } from "./networks.ts";

const IDENTITY = { host: "hostA", driver: "netplugin" };
const REF = { tenant: "default", network: "net1", group: "" };

function cluster(): TestCluster {
  const cluster = new TestCluster();
  cluster.network("net1", "10.1.0.0/24", { gateway: "10.1.0.254" });
  return cluster;
}

function record(it: TestCluster, id: string, ref = REF, byDocker = false, host = "hostA"): void {
  it.apply({ ...recordMapping(it.snapshot, ref, host, id, byDocker), result: undefined });
}

const net1 = (changes: Partial<EngineNetwork> = {}): EngineNetwork => ({
  id: "d1",
  name: "net1",
  driver: "netplugin",
  labels: { [MANAGED_LABEL]: "default:net1:" },
  subnets: ["10.1.0.0/24"],
  ...changes,
});

/** What is decided, one word for each action and "problem" for each problem. */
function decided(it: TestCluster, engine: readonly EngineNetwork[]): string[] {
  const { actions, problems } = decideNetworks(it.snapshot, engine, IDENTITY);
  return [...actions.map(({ type }) => type), ...problems.map(() => "problem")];
}

const CASES: readonly (readonly [
  title: string,
  recorded: string | undefined,
  engine: readonly EngineNetwork[],
  expected: readonly string[],
])[] = [
  ["the engine has none", undefined, [], ["create"]],
  ["the engine has it and the store knows", "d1", [net1()], []],
  ["the store does not know yet", undefined, [net1()], ["record"]],
  ["the store knows another id", "d0", [net1()], ["record", "forget"]],
  ["the engine lost it", "d1", [], ["create", "forget"]],
  ["its subnet is another one", "d1", [net1({ subnets: ["10.2.0.0/24"] })], ["remove"]],
  ["its subnet is written otherwise", "d1", [net1({ subnets: ["10.1.0.7/24"] })], []],
  ["it was another's", "d1", [net1({ labels: { [MANAGED_LABEL]: "default:x:" } })], ["remove"]],
  ["a user made it by hand", undefined, [net1({ labels: {} })], ["record"]],
  ["another driver has its name", undefined, [net1({ driver: "bridge", labels: {} })], ["problem"]],
  [
    "another driver has its name beside it",
    "d1",
    [net1({ id: "b", driver: "bridge" }), net1()],
    [],
  ],
  [
    "the engine has one of ours whose object is gone",
    "d1",
    [net1(), net1({ id: "d2", name: "old", labels: { [MANAGED_LABEL]: "default:old:" } })],
    ["remove"],
  ],
  [
    "the engine has a user's network of our driver",
    "d1",
    [net1(), net1({ id: "d2", name: "own", labels: {} })],
    [],
  ],
  [
    "another driver's network carries our label",
    "d1",
    [net1(), net1({ id: "d2", name: "odd", driver: "bridge" })],
    [],
  ],
];

for (const [title, recorded, engine, expected] of CASES) {
  Deno.test(`decideNetworks decides [${expected.join(", ")}] when ${title}`, () => {
    const it = cluster();
    if (recorded !== undefined) record(it, recorded);
    assert.deepEqual(decided(it, engine), expected);
  });
}

Deno.test("decideNetworks names what is in the way, and the command that removes it", () => {
  const engine = [net1({ driver: "macvlan", labels: {} })];
  const { problems: [problem] } = decideNetworks(cluster().snapshot, engine, IDENTITY);
  assert.deepEqual(problem?.ref, REF);
  assert.match(problem?.message ?? "", /^network name used by another driver.*macvlan/);
  assert.match(problem?.message ?? "", /docker network rm net1$/);
});

Deno.test("decideNetworks leaves the networks alone that Docker itself made, and what they are called", () => {
  const it = cluster();
  it.network("own", "10.2.0.0/24");
  record(it, "d2", { ...REF, network: "own" }, true);
  record(it, "d1");
  const own = net1({ id: "d2", name: "any", labels: {}, subnets: ["10.2.0.0/24"] });
  assert.deepEqual(decided(it, [net1(), own]), []);
});

Deno.test("decideNetworks reports a user's network that has the name and stands for another", () => {
  const it = cluster();
  it.network("own", "10.2.0.0/24");
  record(it, "d2", { ...REF, network: "own" }, true);
  const engine = [net1({ id: "d2", labels: {}, subnets: ["10.2.0.0/24"] })];
  assert.deepEqual(decided(it, engine), ["problem"]);
});

Deno.test("decideNetworks forgets only what this host was said to have", () => {
  const it = cluster();
  record(it, "d1");
  record(it, "e1", REF, false, "hostB");
  assert.deepEqual(decided(it, [net1()]), []);
});

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
