import assert from "node:assert/strict";
import { TestCluster } from "../intent/testing.ts";
import { createNetwork } from "./create_network.ts";
import { CLUSTER_STORE, recordMapping, SWARM } from "./mapping.ts";
import { decideNetworks, type EngineNetwork } from "./networks.ts";
import { MANAGED_LABEL } from "./wanted_networks.ts";

const IDENTITY = { holder: "hostA", driver: "netplugin" };
const REF = { tenant: "default", network: "net1", group: "" };

function cluster(): TestCluster {
  const cluster = new TestCluster();
  cluster.network("net1", "10.1.0.0/24", { gateway: "10.1.0.254" });
  return cluster;
}

function record(it: TestCluster, id: string, ref = REF, holder = "hostA"): void {
  it.apply({ ...recordMapping(it.snapshot, ref, holder, id), result: undefined });
}

/** A network that a user's Docker made, as Docker's network `id` of its host. */
function madeByDocker(it: TestCluster, name: string, id: string, holder = "hostA"): void {
  const request = {
    id,
    options: name === "" ? {} : { network: name },
    internal: false,
    ipv4: [{ pool: "10.2.0.0/24", gateway: "", auxiliary: [] }],
    ipv6: [],
    pending: [],
  };
  it.apply(createNetwork(it.snapshot, request, holder, { host: "hostA", now: 1 }));
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

const OWN = net1({ id: "d2", name: "any", labels: {}, subnets: ["10.2.0.0/24"] });
const MADE = net1({
  id: "d2",
  name: "own",
  labels: { [MANAGED_LABEL]: "default:own:" },
  subnets: ["10.2.0.0/24"],
});
const UNNAMED = "0123456789abcdef".repeat(4);

/** A network that a user's Docker made on `maker`, and what `hostA` (or a cluster store) does about it. */
const USERS: readonly (readonly [
  title: string,
  name: string,
  maker: string,
  holder: string,
  engine: readonly EngineNetwork[],
  expected: readonly string[],
])[] = [
  ["its own host has it under its own name", "own", "hostA", "hostA", [OWN], []],
  ["its own host is making it, or has lost it", "own", "hostA", "hostA", [], ["forget"]],
  ["another host has none of it", "own", "hostB", "hostA", [], ["create"]],
  ["another host has it", "own", "hostB", "hostA", [MADE], ["record"]],
  ["it has no name but its id, elsewhere", "", "hostB", "hostA", [], []],
  ["swarm made it", "own", SWARM, "hostA", [], []],
  ["the engines of a cluster store have it", "own", CLUSTER_STORE, CLUSTER_STORE, [OWN], []],
];

for (const [title, name, maker, holder, engine, expected] of USERS) {
  Deno.test(`decideNetworks decides [${expected.join(", ")}] of a user's network when ${title}`, () => {
    const it = new TestCluster();
    madeByDocker(it, name, name === "" ? UNNAMED : "d2", maker);
    const { actions } = decideNetworks(it.snapshot, engine, { ...IDENTITY, holder });
    assert.deepEqual(actions.map(({ type }) => type), expected);
  });
}

Deno.test("decideNetworks lets a user have more networks of one Contiv network", () => {
  const it = cluster();
  record(it, "d1");
  record(it, "d2");
  const second = net1({ id: "d2", name: "alias", labels: {} });
  assert.deepEqual(decided(it, [net1(), second]), []);
});

Deno.test("decideNetworks removes a user's network whose Contiv network is gone, and says what it stood for", () => {
  const it = cluster();
  record(it, "d1");
  record(it, "d2", { ...REF, network: "old" });
  const old = net1({ id: "d2", name: "alias", labels: {} });
  const { actions } = decideNetworks(it.snapshot, [net1(), old], IDENTITY);
  assert.deepEqual(actions, [{
    type: "remove",
    id: "d2",
    name: "alias",
    why: "its network or group is gone",
    ref: { ...REF, network: "old" },
  }]);
});

const TWINS: readonly (readonly [
  title: string,
  recorded: readonly string[],
  twins: readonly [EngineNetwork, EngineNetwork],
  removed: string,
])[] = [
  ["the recorded one", ["d1"], [net1({ id: "d0" }), net1()], "d0"],
  ["a user's", ["d1", "d2"], [net1(), net1({ id: "d2", labels: {} })], "d1"],
  ["always the same", ["d1", "d0"], [net1(), net1({ id: "d0" })], "d1"],
];

for (const [title, recorded, twins, removed] of TWINS) {
  Deno.test(`decideNetworks keeps ${title} of two that were made at once`, () => {
    const it = cluster();
    for (const id of recorded) record(it, id);
    for (const engine of [twins, twins.toReversed()]) {
      const { actions } = decideNetworks(it.snapshot, engine, IDENTITY);
      assert.deepEqual(actions.map((action) => "id" in action && action.id), [removed]);
    }
  });
}

Deno.test("decideNetworks reports a user's network that has the name and stands for another", () => {
  const it = cluster();
  it.network("own", "10.2.0.0/24");
  record(it, "d2", { ...REF, network: "own" });
  const engine = [
    net1({ id: "d2", labels: {}, subnets: ["10.2.0.0/24"] }),
    net1({ id: "d3", name: "own", labels: {}, subnets: ["10.2.0.0/24"] }),
  ];
  assert.deepEqual(decided(it, engine), ["record", "problem"]);
});

Deno.test("decideNetworks forgets only what this host was said to have", () => {
  const it = cluster();
  record(it, "d1");
  record(it, "e1", REF, "hostB");
  assert.deepEqual(decided(it, [net1()]), []);
});
