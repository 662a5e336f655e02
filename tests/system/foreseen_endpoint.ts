/**
 * The real agent, in a lab host, whose store is slow, refuses or is overtaken while an endpoint that it brings up is being recorded:
 * run by foreseen_endpoint_lab_test.ts with the name of a scenario. Exits with a failure when an assertion fails.
 * @module
 */
import assert from "node:assert/strict";
import { delay } from "../../cli/roles/delay.ts";
import type { Kernel } from "../../mod/agent/kernel.ts";
import { IntentError } from "../../mod/intent/error.ts";
import { createEndpoint } from "../../mod/intent/endpoint.ts";
import type { Allocation } from "../../mod/model/records.ts";
import { Cache } from "../../mod/state/cache.ts";
import { networkKey, portKey, ROOT } from "../../mod/state/keys.ts";
import { put, remove } from "../../mod/state/plan.ts";
import { StoreError } from "../../mod/state/store.ts";
import { transact } from "../../mod/state/transact.ts";
import { endpointRequest } from "../bench/agent_in_process.ts";
import { waitFor } from "../lab/wait.ts";
import { seeded } from "../../drivers/store/testing.ts";
import { look, must } from "./host_picture.ts";
import {
  hold,
  InterferedAgent,
  isRefused,
  mustBe,
  pass,
  refuse,
  wired,
} from "./interfered_agent.ts";

/** Endpoints that want the same ports at once. */
const CROWD = 40;
const never = new AbortController().signal;
const REMOTE = "punix:/run/openvswitch/db.sock";

function die(): void {
  Deno.kill(Deno.pid, "SIGKILL");
}

/** What may be answered to one of many who ask for the same endpoints: that it was refused, or is gone again. */
function unexpected(error: unknown): void {
  if (error instanceof StoreError && error.code === "unavailable") return;
  if (error instanceof IntentError && error.code === "not-found") return;
  throw error;
}

const scenarios: Record<string, (path: string) => Promise<void>> = {
  async refused(path) {
    const stage = await InterferedAgent.open(path);
    await stage.attach("before");
    const before = look();
    for (const when of ["wired", "at once"]) {
      stage.interfere = async () => {
        if (when === "wired") await wired(before);
        refuse();
      };
      await assert.rejects(stage.attach("first"), isRefused);
      await mustBe(before, "first");
    }
    stage.interfere = pass;
    await stage.attach("second");
    await stage.attach("first");
    await stage.mustBeAll("before", "first", "second");
  },

  async overtaken(path) {
    const stage = await InterferedAgent.open(path);
    await stage.attach("before");
    const timing = { random: Math.random, delay, now: Date.now };
    const others = await Cache.start(stage.store, { prefix: ROOT, signal: never, ...timing });
    const takeAddress = (endpointID: string) => {
      const context = { now: Date.now(), host: "b", vtepIP: "198.18.0.2" };
      const decide = (snapshot: Parameters<typeof createEndpoint>[0]) =>
        createEndpoint(snapshot, endpointRequest(endpointID), context);
      return transact(stage.store, others, decide, { signal: never });
    };
    const takePort = (number: number) => {
      const allocation: Allocation = {
        owner: { kind: "endpoint", id: "other" },
        host: "a",
        created: 0,
      };
      return stage.store.transact([], [put(portKey("a", number), allocation)]);
    };
    for (const [id, port] of [["address", 0], ["port", 3]] as const) {
      const before = look();
      let taken = "";
      stage.interfere = async (forward) => {
        stage.interfere = pass;
        await wired(before);
        taken = (await takeAddress(`other of ${id}`.replaceAll(" ", "-"))).ipAddress;
        if (port) await takePort(port);
        return forward();
      };
      const { endpoint } = await stage.attach(id);
      assert.ok(taken !== "" && endpoint.ipAddress !== taken);
      assert.equal(endpoint.portNumber, port ? port + 1 : 2);
      await stage.mustWork(id);
    }
    await stage.mustBeAll("before", "address", "port");
  },

  async compared(path) {
    const stage = await InterferedAgent.open(path);
    await stage.attach("before");
    const before = look();
    const { held, release } = hold(stage);
    const attached = stage.attach("first");
    await held;
    await wired(before);
    const identity = () =>
      must("ovs-vsctl", "get", "Port", "vvport2", "_uuid") +
      must("ip", "-o", "link", "show", "vvport2");
    const made = identity().split(" mtu ")[0];
    const uuid = () => must("ovs-vsctl", "--if-exists", "get", "Port", "vvport1", "_uuid");
    const old = uuid();
    must("ovs-vsctl", "del-port", "vvport1");
    await waitFor("the other port to be back", () => ![old, ""].includes(uuid()));
    await waitFor("the look to be over", () => look().flows.join() === before.flows.join());
    assert.equal(identity().split(" mtu ")[0], made);
    release(pass);
    await attached;
    assert.equal(identity().split(" mtu ")[0], made);
    await stage.mustBeAll("before", "first");
  },

  async "killed when wired"(path) {
    const stage = await InterferedAgent.open(path);
    await stage.attach("before");
    const before = look();
    stage.interfere = async () => {
      await wired(before);
      die();
    };
    await stage.attach("first");
  },

  async "killed half-way"(path) {
    let deadly = false;
    const stage = await InterferedAgent.open(path, (kernel) =>
      new Proxy(kernel, {
        get(_, property) {
          const value: unknown = Reflect.get(kernel, property, kernel);
          if (property === "createEndpointLink") {
            return (...[spec, present]: Parameters<Kernel["createEndpointLink"]>) =>
              kernel.createEndpointLink(spec, deadly ? die : present);
          }
          return typeof value === "function" ? value.bind(kernel) : value;
        },
      }));
    await stage.attach("before");
    deadly = true;
    hold(stage);
    await stage.attach("first");
  },

  async "started again"(path) {
    const left = look();
    const stage = await InterferedAgent.open(path);
    await waitFor("what was left behind to be gone", () => look().links.length === 1);
    assert.ok(left.links.length > 1, "something was left behind");
    await stage.mustBeAll("before");
    await stage.attach("first");
    await stage.mustBeAll("before", "first");
    const now = look();
    await stage.endpoints.remove({ endpointID: "first" }, never);
    await waitFor("its flows to be gone", () => look().flows.length < now.flows.length);
  },

  async concurrent(path) {
    const stage = await InterferedAgent.open(path);
    await stage.attach("before");
    for (let round = 0; round < 10; round++) {
      const before = look();
      const { held, release } = hold(stage);
      const first = assert.rejects(stage.attach("first"), isRefused);
      await held;
      const second = stage.attach("second");
      if (round % 2) await wired(before);
      release(refuse);
      await Promise.all([first, second]);
      await stage.mustBeAll("before", "second");
      await stage.endpoints.remove({ endpointID: "second" }, never);
      await mustBe(before, "second");
    }
  },

  async crowded(path) {
    const stage = await InterferedAgent.open(path);
    await stage.attach("before");
    const before = look();
    // Nobody waits for the deadline of a port, 10 s.
    const crowd = (name: string) =>
      Array.from(
        { length: CROWD },
        (_, at) =>
          stage.endpoints.create(endpointRequest(`${name}${at}`), AbortSignal.timeout(8_000)),
      );
    for (let round = 0; round < 3; round++) {
      const { held, release } = hold(stage);
      const refused = Promise.allSettled(crowd("refused"));
      await held;
      await waitFor("all to be wired", () => look().ports.length === before.ports.length + CROWD);
      const taken = crowd("taken");
      release(refuse);
      assert.ok((await refused).every(({ status }) => status === "rejected"));
      for (const { endpoint } of await Promise.all(taken)) stage.mustHavePort(endpoint);
      await stage.mustHaveOnly(CROWD + 1);
      await Promise.all(
        taken.map((_, at) => stage.endpoints.remove({ endpointID: `taken${at}` }, never)),
      );
      await stage.mustHaveOnly(1);
    }
  },

  async retried(path) {
    const stage = await InterferedAgent.open(path);
    await stage.attach("before");
    for (let round = 0; round < 10; round++) {
      const before = look();
      const { held, release } = hold(stage);
      const first = assert.rejects(stage.attach("first"), isRefused);
      await held;
      if (round % 2) await wired(before);
      const retry = round % 4 < 2 ? stage.attach("first") : first.then(() => stage.attach("first"));
      release(refuse);
      await Promise.all([first, retry]);
      await stage.mustBeAll("before", "first");
      await stage.endpoints.remove({ endpointID: "first" }, never);
      await mustBe(before, "first");
    }
  },

  async "asked at random"(path) {
    const agent = await InterferedAgent.open(path);
    await agent.attach("before");
    const before = look();
    const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    console.log(`seed ${seed}`);
    const random = seeded(seed);
    agent.interfere = async (forward) => {
      const fate = random();
      await delay(random() * 40, never);
      if (fate < 0.3) refuse();
      const result = await forward();
      if (fate < 0.4) refuse();
      return result;
    };
    const ask = async () => {
      for (let turn = 0; turn < 30; turn++) {
        const endpointID = `e${Math.floor(random() * 4)}`;
        const done = random() < 0.6
          ? agent.endpoints.create(endpointRequest(endpointID), never)
          : agent.endpoints.remove({ endpointID }, never);
        // A look mends what else went wrong, so half of the time there is none.
        if (seed % 2 && random() < 0.1) must("ovs-vsctl", "--if-exists", "del-port", "vvport2");
        await done.catch((error) => unexpected(error));
        await delay(random() * 20, never);
      }
    };
    await Promise.all(Array.from({ length: 6 }, ask));
    agent.interfere = pass;
    const here = () => [0, 1, 2, 3].flatMap((at) => agent.endpoints.find(`e${at}`)?.endpoint ?? []);
    await waitFor("ports to be right", () => {
      for (const endpoint of here()) agent.mustHavePort(endpoint);
      return true;
    });
    await agent.mustHaveOnly(here().length + 1);
    for (const endpointID of ["e0", "e1", "e2", "e3"]) {
      await agent.endpoints.create(endpointRequest(endpointID), never);
    }
    for (const endpoint of here()) agent.mustHavePort(endpoint);
    const each = agent.endpoints.flowsOf("e0").length;
    assert.equal(look().flows.length, before.flows.length + 4 * each);
    for (const endpointID of ["e0", "e1", "e2", "e3"]) {
      await agent.endpoints.remove({ endpointID }, never);
    }
    await agent.mustBeAll("before");
    assert.deepEqual(look().flows, before.flows);
  },

  async "network deleted"(path) {
    const agent = await InterferedAgent.open(path);
    const before = look();
    agent.interfere = async (forward) => {
      agent.interfere = pass;
      await wired(before);
      await agent.store.transact([], [remove(networkKey("default", "net"))]);
      return forward();
    };
    await assert.rejects(agent.attach("first"), { name: "IntentError", code: "not-found" });
    await mustBe(before, "first");
  },

  async closed(path) {
    const agent = await InterferedAgent.open(path);
    await agent.attach("before");
    const before = look();
    const { held, release } = hold(agent);
    const first = assert.rejects(agent.attach("first"), isRefused);
    await held;
    const closed = agent.close();
    release(refuse);
    await Promise.all([first, closed]);
    await mustBe(before, "first");
  },

  async moved(path) {
    const agent = await InterferedAgent.open(path);
    await agent.attach("before");
    await agent.attach("moving", "eth0");
    for (let round = 0; round < 10; round++) {
      const next = round % 2 ? "eth0" : `eth${round}`;
      await agent.endpoints.remove({ endpointID: "moving" }, never);
      await agent.attach("moving", next);
      await agent.mustWork("moving", next);
      await agent.mustHaveOnly(2);
    }
  },

  async disconnected(path) {
    const stage = await InterferedAgent.open(path);
    await stage.attach("before");
    const before = look();
    const { held, release } = hold(stage);
    const first = assert.rejects(stage.attach("first"), /Open vSwitch is not reachable/);
    await held;
    await wired(before);
    must("ovs-appctl", "--target=ovsdb-server", "ovsdb-server/remove-remote", REMOTE);
    release(pass);
    await first;
    must("ovs-appctl", "--target=ovsdb-server", "ovsdb-server/add-remote", REMOTE);
    await waitFor("the port to be gone", () => look().ports.length === before.ports.length, 20_000);
    await mustBe(before, "first");
    await stage.attach("first");
    await stage.mustBeAll("before", "first");
  },
};

const [name = "", path = ""] = Deno.args;
const scenario = scenarios[name];
assert.ok(scenario, `no scenario ${name}`);
await scenario(path);
Deno.exit(0);
