/**
 * What the fault tests ask of probes and of calls that have to be refused.
 * @module
 */
import assert from "node:assert/strict";
import { waitFor } from "../lab/wait.ts";
import { agentCall } from "./agent_call.ts";
import type { FaultHost } from "./fault_cluster.ts";
import type { Figures } from "./figures.ts";

/** Docker gives a driver's call up after 30 s. */
const CALL_MS = 20_000;
/** A watch without any serving member ends after 15 s; that members are silent takes some more seconds to see. */
const NOTICED_MS = 28_000;

export function lossless(figures: Figures): void {
  assert.equal(figures.ping.lost, 0);
  losslessWhileAttached(figures);
}

/**
 * While a container is attached and taken away again. Open vSwitch's userspace datapath reads the host's routes anew for every link
 * that comes or goes, and a tunnelled packet that it looks at in between is lost, on a plain bridge as well (docs/faults.md).
 */
export function losslessWhileAttached({ ping, stream, connections }: Figures): void {
  assert.ok(ping.lost <= 1, `${ping.lost} pings were lost`);
  assert.equal(stream.broken, undefined);
  assert.equal(stream.echoed, stream.sent);
  assert.equal(connections.failed, 0);
}

/** What outlives a break: no byte of the stream is lost. */
export function unbroken({ stream }: Figures): void {
  assert.equal(stream.broken, undefined);
  assert.equal(stream.echoed, stream.sent);
}

export async function healthOf({ host }: FaultHost): Promise<string> {
  return (await agentCall(host, "GET", "/healthz")).text;
}

/** An attachment that has to be refused, in time, with `reason`. */
export async function refused({ host }: FaultHost, netns: string, reason: RegExp): Promise<void> {
  const start = performance.now();
  const reply = await agentCall(host, "POST", "/v1/endpoints", { netns, network: "net" });
  assert.ok(performance.now() - start < CALL_MS, "a driver's call was kept waiting");
  assert.equal(reply.status, 503, reply.text);
  assert.match(reply.text, reason);
}

/** Resolves with the milliseconds from `since` until the agent's health says that the store is away; its log does, too. */
export async function saysAway(it: FaultHost, since: number): Promise<number> {
  const says = async () => /etcd store .* is away/.test(await healthOf(it));
  await waitFor("health to say that the store is away", says, NOTICED_MS);
  assert.match(it.agent.tail(10_000), /The store .* is away/);
  return Math.round(performance.now() - since);
}

export async function saysBack(it: FaultHost): Promise<void> {
  const says = async () => !/is away/.test(await healthOf(it));
  await waitFor("health to say that the store is back", says, NOTICED_MS);
  assert.match(it.agent.tail(10_000), /is away[^]* State is in etcd store/);
}

export function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
