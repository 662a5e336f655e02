/**
 * Every request that real engines sent, answered by our driver: as the recorded driver did, except where the table says why not.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { putObject } from "../../mod/intent/objects.ts";
import { ALLOCATIONS, DOCKER_NETWORKS, ENDPOINTS, NETWORKS } from "../../mod/state/keys.ts";
import { Replay, type Replayed } from "./replay.ts";
import { withDrivers } from "./served_driver.ts";
import { TestState } from "./test_state.ts";

/** Where our answer differs in status, by recorded command and call; each for a reason. */
interface Difference {
  readonly step: RegExp;
  /** Of path and request. */
  readonly call: RegExp;
  readonly status: number;
  readonly why: string;
}

const DIFFERENT_STATUS: readonly Difference[] = [
  {
    step: /--ipam-driver null/,
    call: /CreateNetwork/,
    status: 500,
    why: "the null IPAM gives 0.0.0.0/0, which no Contiv network can have as its subnet",
  },
  {
    step: /n5-null/,
    call: /CreateEndpoint|Join/,
    status: 500,
    why: "that network was refused",
  },
  {
    step: /manager A dockerd start/,
    call: /RequestAddress/,
    status: 200,
    why: "swarm's leader asks again for what it has; the recorded driver refused, we do not",
  },
  {
    step: /run -d --name b1/,
    call: /Join/,
    status: 200,
    why: "the recorded driver had not made the network on that host",
  },
];

/** Recordings that continue one another share a state. All are replayed through a driver's socket, as engines do. */
const SEQUENCES: readonly (readonly string[])[] = [
  ["20.10-create-run-stop-rm", "20.10-restart-liverestore-replay", "20.10-driver-down"],
  ["20.10-managed-plugin"],
  ["26.1.5-local"],
  ["20.10-swarm-nodeA"],
  ["20.10-swarm-restart-nodeA"],
  ["20.10-swarm-legacy-refused"],
  ["20.10-clusterstore-A"],
];

for (const names of SEQUENCES) {
  Deno.test(`driver answers as recorded when an engine replays ${names.join(", ")}`, () =>
    withDrivers(new TestState(), ["A"], async ([handler]) => {
      const replay = new Replay(handler);
      for (const name of names) {
        for await (const replayed of replay.run(name)) compare(replayed);
      }
    }));
}

/** What a second host's engine sent, and up to where the first host's had come when it did. */
const SECOND_HOSTS: readonly (readonly [first: string, until: RegExp, second: string])[] = [
  ["20.10-swarm-nodeA", /service rm/, "20.10-swarm-nodeB"],
  ["20.10-swarm-nodeA", /service rm/, "20.10-swarm-nodeC"],
  ["20.10-swarm-restart-nodeA", /manager A dockerd/, "20.10-swarm-restart-nodeB"],
];

for (const [first, until, second] of SECOND_HOSTS) {
  Deno.test(`driver serves swarm's node in ${second} when a manager on another host has allocated`, () => {
    const state = new TestState();
    return withDrivers(state, ["A", "B"], async ([onA, onB]) => {
      const manager = new Replay(onA);
      for await (const replayed of manager.run(first)) {
        if (until.test(replayed.step)) break;
        compare(replayed);
      }
      const held = () => state.snapshot().list(ALLOCATIONS).map((item) => item.key);
      const addresses = () => held().filter((key) => !key.includes("/port/"));
      const before = addresses();
      for await (const replayed of new Replay(onB).run(second)) compare(replayed);
      for (const key of before) {
        assert.ok(
          addresses().includes(key),
          `a node's release freed what the manager holds: ${key}`,
        );
      }
    });
  });
}

Deno.test("driver serves a second engine when both share a cluster store, which removes the network", () => {
  const state = new TestState();
  return withDrivers(state, ["A", "B"], async ([onA, onB]) => {
    const before = Object.keys(state.dump());
    const first = new Replay(onA);
    for await (const replayed of first.run("20.10-clusterstore-A")) compare(replayed);
    const second = new Replay(onB, first);
    for await (const replayed of second.run("20.10-clusterstore-B")) compare(replayed);
    assert.deepEqual(Object.keys(state.dump()), before);
  }, "global");
});

for (const [onManager, , onNode] of SECOND_HOSTS) {
  Deno.test(`driver leaves the same under either scope after ${onManager} and ${onNode}`, async () => {
    const left = async (scope: "local" | "global"): Promise<string[]> => {
      const state = new TestState();
      await withDrivers(state, ["A", "B"], async ([onA, onB]) => {
        const manager = new Replay(onA);
        for await (const replayed of manager.run(onManager)) compare(replayed);
        for await (const replayed of new Replay(onB).run(onNode)) compare(replayed);
      }, scope);
      return Object.keys(state.dump());
    };
    assert.deepEqual(await left("global"), await left("local"));
  });
}

Deno.test("driver gives what the original gave when its engine's calls are replayed", () => {
  const state = new TestState();
  const context = { now: 0, clusterMode: "docker" };
  const make = (plural: string, key: string, body: object) =>
    state.commit((snapshot) =>
      putObject(snapshot, plural, key, { tenantName: "default", ...body }, context)
    );
  return withDrivers(state, ["A"], async ([handler]) => {
    for (
      const [networkName, net] of [["net1", "20.1.1"], ["net2", "20.1.2"], ["svcnet", "30.1.1"]]
    ) {
      const subnet = { encap: "vxlan", subnet: `${net}.0/24`, gateway: `${net}.254` };
      await make("networks", `default:${networkName}`, { networkName, ...subnet });
    }
    for (const groupName of ["grp1", "grpdeny"]) {
      await make("endpointGroups", `default:${groupName}`, { groupName, networkName: "net1" });
    }
    for await (const replayed of new Replay(handler).run("20.10-original-driver")) {
      compare(replayed);
      const { call, answer } = replayed;
      const original = record.parse(call.res);
      for (const field of ["PoolID", "Pool", "Address", "Gateway"]) {
        if (field in original) assert.equal(answer[field], original[field], call.path);
      }
      if (!("Interface" in original)) continue;
      const { MacAddress } = record.parse(original["Interface"]);
      assert.equal(record.parse(answer["Interface"])["MacAddress"], MacAddress);
    }
  });
});

function compare(replayed: Replayed): void {
  const { step, call, status, answer } = replayed;
  const where = `${step}: ${call.path} ${JSON.stringify(replayed.request)} → ${
    JSON.stringify(answer)
  }`;
  const exception = DIFFERENT_STATUS.find((entry) =>
    entry.step.test(step) && entry.call.test(`${call.path} ${JSON.stringify(replayed.request)}`)
  );
  assert.equal(status, exception?.status ?? call.status, where);
  if (status !== 200) return assert.equal(typeof answer["Err"], "string", where);
  const check = CHECKS[call.path.split(".")[1] ?? ""];
  if (check === undefined) assert.deepEqual(answer, {}, where);
  else check(replayed, where);
}

const record = z.record(z.string(), z.unknown());

const CHECKS: Readonly<Record<string, (replayed: Replayed, where: string) => void>> = {
  Activate: ({ answer }) =>
    assert.deepEqual(answer, { Implements: ["NetworkDriver", "IpamDriver"] }),
  GetCapabilities: ({ answer }, where) => assert.ok(Object.keys(answer).length > 0, where),
  GetDefaultAddressSpaces: ({ answer }) =>
    assert.deepEqual(Object.keys(answer), [
      "LocalDefaultAddressSpace",
      "GlobalDefaultAddressSpace",
    ]),
  RequestPool: ({ request, answer }, where) => {
    const asked = record.parse(request)["Pool"];
    if (asked !== "") assert.equal(answer["Pool"], asked, where);
    assert.match(String(answer["PoolID"]), /\|/, where);
  },
  RequestAddress: ({ request, answer }, where) => {
    const asked = String(record.parse(request)["Address"]);
    if (asked !== "") assert.equal(String(answer["Address"]).split("/")[0], asked, where);
    assert.match(String(answer["Address"]), /^[\d.a-f:]+\/\d+$/, where);
  },
  /** Nothing that was given may be returned. */
  CreateEndpoint: ({ request, answer }, where) => {
    const given = record.parse(record.parse(request)["Interface"]);
    const returned = record.parse(answer["Interface"]);
    for (const field of ["Address", "AddressIPv6", "MacAddress"]) {
      if (given[field] !== "") assert.equal(returned[field], undefined, where);
    }
    if (given["MacAddress"] === "") assert.match(String(returned["MacAddress"]), /^02:/, where);
  },
  Join: ({ call, answer }, where) => {
    const name = record.parse(answer["InterfaceName"]);
    assert.match(String(name["SrcName"]), /^vport\d+$/, where);
    assert.equal(name["DstPrefix"], "eth", where);
    const recorded = record.parse(call.res);
    // Gateways of pools that we chose ourselves are others.
    if (String(answer["Gateway"]).startsWith("10.192.")) return;
    if (answer["DisableGatewayService"] !== true && call.status === 200) {
      assert.equal(answer["Gateway"], recorded["Gateway"], where);
    }
  },
  EndpointOperInfo: ({ answer }, where) => assert.ok("Value" in answer, where),
  AllocateNetwork: ({ request, answer }, where) => {
    const given = record.parse(record.parse(request)["Options"]);
    const returned = record.parse(answer["Options"]);
    for (const [name, value] of Object.entries(given)) assert.equal(returned[name], value, where);
  },
};

Deno.test("driver leaves nothing behind when an engine has removed all that it made", () => {
  const state = new TestState();
  return withDrivers(state, ["A"], async ([handler]) => {
    const before = Object.keys(state.dump());
    for await (const replayed of new Replay(handler).run("26.1.5-local")) compare(replayed);
    assert.deepEqual(Object.keys(state.dump()), before);
  });
});

Deno.test("driver changes nothing when every call is repeated at once", async () => {
  const name = "20.10-create-run-stop-rm";
  const once = new TestState();
  await withDrivers(once, ["A"], async ([handler]) => {
    for await (const replayed of new Replay(handler).run(name)) compare(replayed);
  });
  const twice = new TestState();
  await withDrivers(twice, ["A"], async ([handler]) => {
    const replay = new Replay(async (request) => {
      const again = request.clone();
      const answer = await handler(request);
      // An address without a wish is another one each time; an engine never repeats that.
      if (/RequestPool|RequestAddress/.test(request.url)) return answer;
      const repeated = await handler(again);
      assert.equal(repeated.status, answer.status, request.url);
      await repeated.body?.cancel();
      return answer;
    });
    for await (const replayed of replay.run(name)) compare(replayed);
  });
  for (const prefix of [NETWORKS, ENDPOINTS, ALLOCATIONS, DOCKER_NETWORKS]) {
    const keys = (state: TestState) => state.snapshot().list(prefix).map((item) => item.key);
    assert.deepEqual(keys(twice), keys(once));
  }
});
