/**
 * Scenarios of foreseen_endpoint.ts in which several want the same, at once or one right after the other.
 * @module
 */
import assert from "node:assert/strict";
import { delay } from "../../cli/roles/delay.ts";
import { seeded } from "../../drivers/store/testing.ts";
import { IntentError } from "../../mod/intent/error.ts";
import { StoreError } from "../../mod/state/store.ts";
import { endpointRequest } from "../bench/agent_in_process.ts";
import { waitFor } from "../lab/wait.ts";
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

/** What may be answered to one of many who ask for the same endpoints: that it was refused, or is gone again. */
function unexpected(error: unknown): void {
  if (error instanceof StoreError && error.code === "unavailable") return;
  if (error instanceof IntentError && error.code === "not-found") return;
  throw error;
}

export const rivals: Record<string, (path: string) => Promise<void>> = {
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
};
