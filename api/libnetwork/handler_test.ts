import assert from "node:assert/strict";
import { StateEndpoints, TestState } from "../../tests/docker/test_state.ts";
import { IntentError } from "../../mod/intent/error.ts";
import { StoreError } from "../../mod/state/store.ts";
import type { LibnetworkDependencies } from "./dependencies.ts";
import { libnetworkApi } from "./handler.ts";

const never = () => new Promise<never>(() => {});
const state = new TestState();

function api(changes: Partial<LibnetworkDependencies> = {}) {
  const handler = libnetworkApi({
    host: "hostA",
    scope: "local",
    now: () => 1_000_000,
    snapshot: state.snapshot,
    commit: state.commit,
    endpoints: new StateEndpoints(state, "hostA"),
    deadline: 20,
    ...changes,
  });
  return async (call: string, body?: BodyInit, method = "POST") => {
    const request = new Request(`http://localhost/${call}`, {
      method,
      ...(body === undefined ? {} : { body }),
    });
    const response = await handler(request);
    const answer: Record<string, unknown> = await response.json();
    return { status: response.status, answer, headers: response.headers };
  };
}

const POOL = JSON.stringify({ Pool: "10.5.0.0/24" });

const CONSTANTS: Readonly<Record<string, unknown>> = {
  "Plugin.Activate": { Implements: ["NetworkDriver", "IpamDriver"] },
  "Plugin.Deactivate": {},
  "NetworkDriver.GetCapabilities": {
    Scope: "local",
    ConnectivityScope: "global",
    GwAllocChecker: true,
  },
  "IpamDriver.GetCapabilities": { RequiresMACAddress: false, RequiresRequestReplay: false },
  "IpamDriver.GetDefaultAddressSpaces": {
    LocalDefaultAddressSpace: "contiv-local",
    GlobalDefaultAddressSpace: "contiv-global",
  },
};

for (
  const [title, store] of Object.entries({
    "never answers": { snapshot: never, commit: never },
    "throws": {
      snapshot: () => {
        throw new StoreError("unavailable", "no store");
      },
      commit: () => Promise.reject(new StoreError("unavailable", "no store")),
    },
  })
) {
  Deno.test(`driver activates, and tells what it can do, at once when the store ${title}`, async () => {
    const ask = api(store);
    for (const [call, expected] of Object.entries(CONSTANTS)) {
      const { status, answer } = await ask(call);
      assert.deepEqual([status, answer], [200, expected], call);
    }
  });

  Deno.test(`driver answers within its deadline when the store ${title}`, async () => {
    const { status, answer } = await api(store)("IpamDriver.RequestPool", POOL);
    assert.equal(status, 500);
    assert.match(String(answer["Err"]), /contiv doctor/);
  });
}

Deno.test("driver answers within its deadline when a request has no end", async () => {
  const body = new ReadableStream({ start: (it) => it.enqueue(new TextEncoder().encode("{")) });
  const { status, answer } = await api()("IpamDriver.RequestPool", body);
  assert.equal(status, 500);
  assert.match(String(answer["Err"]), /no answer within/);
});

Deno.test("driver tells its work to stop when the deadline passes", async () => {
  let reason: unknown;
  const commit = (_: unknown, signal: AbortSignal) => {
    signal.addEventListener("abort", () => reason = signal.reason);
    return never();
  };
  await api({ commit })("IpamDriver.RequestPool", POOL);
  assert.ok(reason instanceof IntentError);
});

const REFUSED: readonly (readonly [
  title: string,
  call: string,
  body: string | undefined,
  method: string,
  status: number,
  text: RegExp,
])[] = [
  [
    "the call is unknown",
    "NetworkDriver.Fly",
    "{}",
    "POST",
    404,
    /NetworkDriver.Fly is not a call/,
  ],
  ["there is no call", "", undefined, "POST", 404, /is not a call/],
  ["the method is wrong", "Plugin.Activate", undefined, "GET", 405, /called by POST/],
  ["the body is no JSON", "IpamDriver.RequestPool", "{", "POST", 500, /not JSON/],
  ["the body is absent", "NetworkDriver.Join", undefined, "POST", 500, /invalid request/],
  ["a field is missing", "NetworkDriver.Join", "{}", "POST", 500, /NetworkID: .*EndpointID: /],
  [
    "the body is too large",
    "IpamDriver.RequestPool",
    " ".repeat(1024 * 1024 + 1),
    "POST",
    500,
    /larger than/,
  ],
];

for (const [title, call, body, method, status, text] of REFUSED) {
  Deno.test(`driver refuses when ${title}`, async () => {
    const reply = await api()(call, body, method);
    assert.equal(reply.status, status);
    assert.match(String(reply.answer["Err"]), text);
  });
}

Deno.test("driver keeps no connection open, or the engine's idle ones would hold up its end", async () => {
  assert.equal((await api()("Plugin.Activate")).headers.get("connection"), "close");
});
