/**
 * The real agent, in a lab host, whose store is slow, refuses or is overtaken while an endpoint that it brings up is being recorded:
 * run by foreseen_endpoint_lab_test.ts with the name of a scenario. Exits with a failure when an assertion fails.
 * @module
 */
import assert from "node:assert/strict";
import { delay } from "../../cli/roles/delay.ts";
import type { Kernel } from "../../mod/agent/kernel.ts";
import { createEndpoint } from "../../mod/intent/endpoint.ts";
import type { Allocation } from "../../mod/model/records.ts";
import { Cache } from "../../mod/state/cache.ts";
import { networkKey, portKey, ROOT } from "../../mod/state/keys.ts";
import { put, remove } from "../../mod/state/plan.ts";
import { transact } from "../../mod/state/transact.ts";
import { endpointRequest } from "../bench/agent_in_process.ts";
import { waitFor } from "../lab/wait.ts";
import { rivals } from "./foreseen_rivals.ts";
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

const never = new AbortController().signal;
const REMOTE = "punix:/run/openvswitch/db.sock";

function die(): void {
  Deno.kill(Deno.pid, "SIGKILL");
}

const scenarios: Record<string, (path: string) => Promise<void>> = {
  ...rivals,

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

  async disconnected(path) {
    const stage = await InterferedAgent.open(path);
    await stage.attach("before");
    const before = look();
    const { held, release } = hold(stage);
    const first = assert.rejects(stage.attach("first"), /Open vSwitch is not reachable/);
    await held;
    await wired(before);
    must("ovs-appctl", "--target=ovsdb-server", "ovsdb-server/remove-remote", REMOTE);
    await waitFor("the agent to notice", () => !stage.isConnected);
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
