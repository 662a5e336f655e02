import assert from "node:assert/strict";
import { StoreError } from "../../mod/state/store.ts";
import { type RoleDefinition, runRole } from "./entry.ts";
import type { CommonSettings } from "./settings.ts";

const settings: CommonSettings = {
  mode: "docker",
  netMode: "vxlan",
  forwardMode: "routing",
  store: { kind: "embedded", path: "/nowhere" },
  log: { level: "error", json: false },
};

/** Runs a role that starts so; returns its exit status. */
function run(start: RoleDefinition<CommonSettings>["start"]): Promise<number> {
  return runRole({
    ...{ name: "test", summary: "", options: [], environmentPrefixes: [] },
    settings: () => settings,
    shutdownDeadline: 100,
    start,
  }, []);
}

/** Never ends by itself. */
function until(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

Deno.test("a role ends with status 1 when a service fails while it still starts, and closes what was started", async () => {
  const closed: string[] = [];
  const status = await run(async (_, services, signal) => {
    services.add("early", () => Promise.resolve(void closed.push("early")));
    services.fail(new Error("the label is another's"));
    await until(signal).catch(() => {});
    services.add("late", () => Promise.resolve(void closed.push("late")));
  });
  assert.equal(status, 1);
  assert.deepEqual(closed, ["late", "early"]);
});

Deno.test("a role tells its start that it is over when a service fails afterwards", async () => {
  let told = false;
  const status = await run((_, services, signal) => {
    void until(signal).catch(() => told = true);
    queueMicrotask(() => services.fail(new Error("gone")));
    return Promise.resolve();
  });
  assert.equal(status, 1);
  assert.equal(told, true);
});

for (
  const [title, error, expected] of [
    ["22 when a person has to mend the store", new StoreError("unusable", "not a database"), 22],
    ["1 when it may work the next time", new StoreError("unavailable", "nobody answers"), 1],
  ] as const
) {
  Deno.test(`a role ends with status ${title}`, async () => {
    assert.equal(await run(() => Promise.reject(error)), expected);
  });
}

Deno.test("a role ends with status 0 when it is told to stop, even while its start hears nothing", async () => {
  const status = await run(() => {
    Deno.kill(Deno.pid, "SIGTERM");
    return new Promise(() => {});
  });
  assert.equal(status, 0);
});
