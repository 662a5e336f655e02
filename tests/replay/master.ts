/**
 * A master for tests: the real API on a real listener, over the memory store, recording what it was asked.
 * @module
 */
import { masterApi } from "../../api/rest/master_api.ts";
import { serveMaster } from "../../api/rest/serve.ts";
import { Hono } from "hono";
import { FaultyStore } from "../../drivers/store/memory/faulty_store.ts";
import { MemoryStore } from "../../drivers/store/memory/memory_store.ts";
import type { Log } from "../../mod/agent/log.ts";
import { Cache } from "../../mod/state/cache.ts";
import { ROOT } from "../../mod/state/keys.ts";
import { bootstrap } from "../../mod/intent/objects.ts";
import { put } from "../../mod/state/plan.ts";
import { AGENT_PORT, serviceKey, serviceRecord } from "../../mod/state/registration.ts";
import type { Timing } from "../../mod/state/timing.ts";
import { transact } from "../../mod/state/transact.ts";
import { delay } from "../../cli/roles/delay.ts";
import type { Exchange } from "./recording.ts";

export interface LogEntry {
  readonly level: keyof Log;
  readonly message: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface TestMaster extends AsyncDisposable {
  readonly url: string;
  readonly log: readonly LogEntry[];
  /** While set, the store cannot be reached. */
  storeDown: boolean;
  /** What was asked since the last call of this. */
  takeExchanges(): Exchange[];
  request(path: string, init?: RequestInit): Promise<Response>;
  /** The revision and all keys of the store. */
  contents(): Promise<string>;
}

const NOW = 1_700_000_000_000;
const timing: Timing = { random: () => 0.5, delay };

export async function startMaster(): Promise<TestMaster> {
  const stop = new AbortController();
  const inner = new MemoryStore();
  const entries: LogEntry[] = [];
  const exchanges: Exchange[] = [];
  let storeDown = false;
  const store = new FaultyStore(inner, () => storeDown ? { lose: "request" } : undefined);
  const cache = await Cache.start(store, { prefix: ROOT, signal: stop.signal, ...timing });
  await transact(
    store,
    cache,
    (snapshot) => bootstrap(snapshot, { fwdMode: "routing" }, { now: NOW, clusterMode: "docker" }),
    { signal: stop.signal, ...timing },
  );
  const records = [
    serviceRecord("netmaster", { address: "127.0.0.1", port: 9999, host: "hostA" }, "0.1.0"),
    serviceRecord("netplugin", { address: "127.0.0.1", port: AGENT_PORT, host: "hostA" }, "0.1.0"),
  ];
  const { revision } = await store.transact([], records.map((it) => put(serviceKey(it), it)));
  await cache.waitFor(revision, stop.signal);
  const api = masterApi({
    store,
    cache,
    now: () => NOW,
    info: {
      version: "0.1.0",
      gitCommit: "test",
      buildTime: "test",
      localAddress: "127.0.0.1",
      port: 9999,
    },
    clusterMode: "docker",
    roles: ["master"],
    log: recordingLog(entries),
  });
  const server = await serveMaster(
    new Hono().all("*", (c) => recorded(api, c.req.raw, exchanges)),
    "127.0.0.1:0",
    {
      signal: stop.signal,
      log: recordingLog(entries),
    },
  );
  const url = `http://${server.address}`;
  const master: TestMaster = {
    url,
    log: entries,
    get storeDown() {
      return storeDown;
    },
    set storeDown(down) {
      storeDown = down;
    },
    takeExchanges: () => exchanges.splice(0),
    request: (path, init) => fetch(url + path, init),
    contents: async () => JSON.stringify(await inner.list("")),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
      await inner.close();
    },
  };
  return master;
}

async function recorded(api: Hono, request: Request, exchanges: Exchange[]): Promise<Response> {
  const { method, url } = request;
  // Bodies of unknown or great length are not kept: they must reach the API as they come.
  const small = Number(request.headers.get("content-length") ?? Infinity) < 100_000;
  const body = small ? await request.bytes() : undefined;
  const response = await api.fetch(
    body ? new Request(url, { method, headers: request.headers, body }) : request,
  );
  const { status } = response;
  exchanges.push({
    method,
    path: new URL(url).pathname,
    request: new TextDecoder().decode(body),
    status,
    contentType: response.headers.get("content-type") ?? "",
    response: await response.clone().text(),
  });
  return response;
}

function recordingLog(entries: LogEntry[]): Log {
  const at = (level: keyof Log) => (message: string, properties: Record<string, unknown> = {}) =>
    void entries.push({ level, message, properties });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
