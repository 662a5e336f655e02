/**
 * The real agent in this process with somebody between it and its real store, who holds up, refuses or overtakes what records endpoints.
 * @module
 */
import assert from "node:assert/strict";
import type { Agent } from "../../mod/agent/agent.ts";
import type { EndpointResult } from "../../mod/agent/endpoint_service.ts";
import type { Kernel } from "../../mod/agent/kernel.ts";
import type { Switch } from "../../mod/agent/switch.ts";
import type { EndpointState } from "../../mod/model/records.ts";
import { ENDPOINTS } from "../../mod/state/keys.ts";
import { type Operation, type Store, StoreError } from "../../mod/state/store.ts";
import { endpointRequest, intercept, startAgent } from "../bench/agent_in_process.ts";
import { waitFor } from "../lab/wait.ts";
import { exists, type HostPicture, look, must, reaches } from "./host_picture.ts";

const never = new AbortController().signal;

/** What happens to the commits of endpoints: `forward` passes one on to the real store. */
export type Interference = (forward: () => unknown) => unknown;

/** The agent, its real store, and what is done to its commits. */
export class InterferedAgent {
  interfere: Interference = (forward) => forward();
  #store: Store | undefined;
  #agent: Agent | undefined;
  #switch: Switch | undefined;

  static async open(path: string, kernel = (it: Kernel) => it): Promise<InterferedAgent> {
    const stage = new InterferedAgent();
    stage.#agent = await startAgent(path, {
      store: (store) => {
        stage.#store = store;
        return intercept(store, ["transact"], (_, args, forward) => {
          const [, operations] = args as [unknown, readonly Operation[]];
          return operations.some(isRecord) ? stage.interfere(forward) : forward();
        });
      },
      switch: (it) => stage.#switch = it,
      kernel,
    });
    return stage;
  }

  get store(): Store {
    assert.ok(this.#store);
    return this.#store;
  }
  /** Whether the agent believes that Open vSwitch can be asked. */
  get isConnected(): boolean {
    assert.ok(this.#switch);
    return this.#switch.connected;
  }

  get endpoints(): Agent["endpoints"] {
    assert.ok(this.#agent);
    return this.#agent.endpoints;
  }

  /** Attaches a network namespace, which is made for it. */
  attach(id: string, interfaceName = "eth0"): Promise<EndpointResult> {
    if (!exists(id)) must("ip", "netns", "add", id);
    const attachment = { kind: "netns", sandbox: `/run/netns/${id}`, interfaceName } as const;
    return this.endpoints.create({ ...endpointRequest(id), attachment }, never);
  }

  async close(): Promise<void> {
    await this.#agent?.close();
  }

  /** The endpoint is as its record says, and its container gets out. */
  async mustWork(id: string, interfaceName = "eth0"): Promise<void> {
    const found = this.endpoints.find(id);
    assert.ok(found, `${id} is recorded`);
    const { ipAddress, macAddress } = found.endpoint;
    const [link] = JSON.parse(
      must("ip", "-n", id, "-json", "address", "show", "dev", interfaceName),
    );
    assert.equal(link.address, macAddress);
    const addresses = link.addr_info.filter((it: { family: string }) => it.family === "inet");
    assert.deepEqual(addresses.map((it: { local: string }) => it.local), [ipAddress]);
    this.mustHavePort(found.endpoint);
    await waitFor(`${id} to get out`, () => reaches(id, "198.18.0.1"), 5_000);
  }

  /** The switch carries it, under its own number. */
  mustHavePort({ portNumber, id }: EndpointState): void {
    const port = `vvport${portNumber}`;
    const said = must(
      "ovs-vsctl",
      "--columns=name,ofport",
      "--format=csv",
      "--no-headings",
      "--data=bare",
      "find",
      "Interface",
      `name=${port}`,
      `external_ids:contiv-owner=${id}`,
    );
    assert.equal(said.trim(), `${port},${portNumber}`);
  }

  /** Ports and links are those of `ids`, and all of them work. */
  async mustBeAll(...ids: string[]): Promise<void> {
    for (const id of ids) await this.mustWork(id);
    await this.mustHaveOnly(ids.length);
  }

  /** There are so many ports and links of endpoints, each port with its link. */
  async mustHaveOnly(count: number): Promise<void> {
    await waitFor("links of others to be gone", () => hostEnds().length === count);
    assert.deepEqual([...look().ports].sort(), hostEnds());
  }
}

function hostEnds(): string[] {
  return look().links.filter((name) => name.startsWith("vvport")).sort();
}

function isRecord({ type, key }: Operation): boolean {
  return type === "put" && key.startsWith(ENDPOINTS);
}

export function refuse(): never {
  throw new StoreError("unavailable", "refused by the test");
}

export const isRefused = { name: "StoreError", code: "unavailable" };

/** Resolves when the host has one link and one port more, and its flows. */
export async function wired(before: HostPicture): Promise<void> {
  await waitFor("the foreseen endpoint to be wired", () => {
    const now = look();
    return now.links.length > before.links.length && now.ports.length > before.ports.length &&
      now.flows.length > before.flows.length;
  });
}

/** The host is as it was. */
export async function mustBe(before: HostPicture, id: string): Promise<void> {
  await waitFor("the links to be gone", () => look().links.length === before.links.length);
  assert.deepEqual(look(), before);
  assert.doesNotMatch(must("ip", "-n", id, "-oneline", "link"), /eth0/);
}

export const pass = (forward: () => unknown): unknown => forward();

export interface Hold {
  /** Resolves when a commit is held up. */
  readonly held: Promise<void>;
  readonly release: (what: Interference) => void;
}

/** Holds up the next commit, until it is released; the ones after it pass. */
export function hold(stage: InterferedAgent): Hold {
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const { promise, resolve: release } = Promise.withResolvers<Interference>();
  stage.interfere = async (forward) => {
    stage.interfere = (next) => next();
    hold();
    return (await promise)(forward);
  };
  return { held, release };
}
