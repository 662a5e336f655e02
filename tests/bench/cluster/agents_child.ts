/**
 * Agents of many hosts in one process, each with a store connection, a watch, a cache, a claim to its label, a desired state and an
 * index of names of its own, but without a switch: run by agents_process.ts, which reads a line of JSON for each report and writes a line for each question.
 *
 * Watchers are agents without memory: connection, watch and lease are theirs, but what the watch brings is dropped. They let a store
 * serve more hosts than this machine has memory for.
 * @module
 */
import process from "node:process";
import { realTiming } from "../../../drivers/store/testing.ts";
import { openEtcdStore } from "../../../drivers/store/etcd/etcd_store.ts";
import { clusterOf } from "../../../mod/agent/cluster_guard.ts";
import { DesiredState } from "../../../mod/agent/desired_state.ts";
import { HostPresence } from "../../../mod/agent/host_presence.ts";
import { NameIndex } from "../../../mod/dns/name_index.ts";
import { Cache } from "../../../mod/state/cache.ts";
import { ROOT } from "../../../mod/state/keys.ts";
import { keepLease } from "../../../mod/state/leases.ts";
import { TTL_MS } from "../../../mod/state/registration.ts";
import { type Store, StoreError } from "../../../mod/state/store.ts";
import { backoff } from "../../../mod/state/timing.ts";
import { identityOf } from "./fill.ts";
import { hostLabel, tunnelAddress } from "./shape.ts";

/** What the process is started with. */
export interface Orders {
  readonly endpoint: string;
  /** Numbers of the hosts whose agents run here. */
  readonly hosts: readonly number[];
  /** Which of these, from the end, only watch. */
  readonly watchers: number;
}

/** What the process reports. */
export type Report =
  | { readonly type: "started" }
  /** Every agent here is at this revision, or later, since `at`, in milliseconds since the epoch. */
  | { readonly type: "seen"; readonly revision: number; readonly at: number }
  | ({ readonly type: "cost" } & Cost);

/** Since the process began. */
export interface Cost {
  /** Milliseconds of processor time of the process. */
  readonly processor: number;
  /** Milliseconds in which desired states and names were computed, by changes, and how often. */
  readonly computing: number;
  readonly changes: number;
  /** Owners of flows that the first agent wants. */
  readonly owners: number;
  readonly flows: number;
  /** MiB that are alive on the heap. */
  readonly alive: number;
}

/** How many agents start at the same time. */
const STARTING = 4;
/** How often, and how far apart in ms, a store that does not answer is asked again. */
const ATTEMPTS = 30;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const never = new AbortController().signal;

const seen = new Map<number, number>();
let told = 0;
let computing = 0;
let changes = 0;
let first: DesiredState | undefined;

if (import.meta.main) {
  const orders: Orders = JSON.parse(Deno.args[0] ?? "");
  await start(orders);
  report({ type: "started" });
  tell();
  const questions = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  for await (const _ of questions) report({ type: "cost", ...cost() });
  Deno.exit(0);
}

async function start({ endpoint, hosts, watchers }: Orders): Promise<void> {
  for (const host of hosts) seen.set(host, 0);
  let next = 0;
  await Promise.all(Array.from({ length: STARTING }, async () => {
    for (let at = next++; at < hosts.length; at = next++) {
      const host = hosts[at] ?? 0;
      const store = await openEtcdStore({ endpoints: [endpoint] });
      if (at < hosts.length - watchers) await startAgent(store, host);
      else await startWatcher(store, host);
    }
  }));
}

async function startAgent(store: Store, host: number): Promise<void> {
  const options = { ...realTiming, signal: never, now: Date.now };
  const cache = await Cache.start(store, options);
  const address = tunnelAddress(host);
  const label = hostLabel(host);
  const claim = {
    label,
    identity: identityOf(host),
    controlAddress: address,
    vtepAddress: address,
    vxlanPort: 4789,
    version: "",
  };
  const lost = (error: Error) => {
    throw error;
  };
  await HostPresence.claim({ ...options, store, cache, lost }, claim, never);
  const desired = new DesiredState({
    host: label,
    cluster: clusterOf(cache.snapshot()),
    datapath: "system",
    mtu: 1450,
    vtepAddress: address,
    vxlanPort: 4789,
  });
  desired.reset(cache.snapshot());
  first ??= desired;
  const names = new NameIndex(label);
  names.update(cache.snapshot());
  cache.subscribe(({ snapshot, keys, revision }) => {
    const begin = performance.now();
    for (const owner of desired.update(snapshot, keys)) desired.flows(owner);
    names.update(snapshot, keys);
    computing += performance.now() - begin;
    changes++;
    saw(host, revision);
  }, never);
  saw(host, cache.revision);
}

async function startWatcher(store: Store, host: number): Promise<void> {
  await patiently(() => keepLease(store, TTL_MS, never, realTiming));
  void watchOn(store, host, await listed(store));
}

/** As agents do: a member that a thousand hosts ask at once is late, not gone. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1;; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreError) || tried === ATTEMPTS) throw error;
      await realTiming.delay(
        backoff(tried, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, Math.random()),
        never,
      );
    }
  }
}

/** Goes on from now when the history does not reach back to where it was. */
async function watchOn(store: Store, host: number, from: number): Promise<void> {
  for (let next = from;; next = await listed(store)) {
    saw(host, next);
    try {
      for await (const { revision } of store.watch(ROOT, next + 1, never)) saw(host, revision);
    } catch (error) {
      if (!(error instanceof StoreError && error.code === "compacted")) throw error;
    }
  }
}

async function listed(store: Store): Promise<number> {
  return (await patiently(() => store.list(`${ROOT}none/`))).revision;
}

function saw(host: number, revision: number): void {
  const before = seen.get(host) ?? 0;
  seen.set(host, revision);
  if (before <= told) tell();
}

function tell(): void {
  const revision = Math.min(...seen.values());
  if (revision <= told) return;
  told = revision;
  report({ type: "seen", revision, at: Date.now() });
}

function cost(): Cost {
  const collect: unknown = Reflect.get(globalThis, "gc");
  if (typeof collect === "function" && seen.size === 1) collect();
  const { user, system } = process.cpuUsage();
  const owners = first?.owners() ?? [];
  return {
    processor: (user + system) / 1000,
    computing,
    changes,
    owners: owners.length,
    alive: process.memoryUsage().heapUsed / 2 ** 20,
    flows: owners.reduce((sum, owner) => sum + (first?.flows(owner).length ?? 0), 0),
  };
}

function report(report: Report): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(report) + "\n"));
}
