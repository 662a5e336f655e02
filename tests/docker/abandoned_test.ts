/**
 * Engines that release an address while the driver still has the endpoint: one that crashed, and one that asked for another's.
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { ENDPOINTS } from "../../mod/state/keys.ts";
import { type Handler, withDrivers } from "./served_driver.ts";
import { TestState } from "./test_state.ts";

const NETWORK = "d".repeat(64);
const answerSchema = z.record(z.string(), z.unknown());

/** One call of the engine; its answer's status and body. */
async function call(handler: Handler, path: string, body: unknown) {
  const request = new Request(`http://localhost/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  const response = await handler(request);
  return { status: response.status, body: answerSchema.parse(await response.json()) };
}

/** A network with one endpoint, 10.5.0.7; then the engine's calls, some time after the driver has started. */
function withEndpoint(
  uptime: number,
  body: (
    attached: () => number,
    pool: Readonly<Record<"PoolID" | "Address", string>>,
    handler: Handler,
  ) => Promise<void>,
): Promise<void> {
  const state = new TestState();
  let now = 1_000_000;
  return withDrivers(
    state,
    ["A"],
    async ([handler]) => {
      const { body: { PoolID } } = await call(handler, "IpamDriver.RequestPool", {
        Pool: "10.5.0.0/24",
      });
      const pool = { PoolID: String(PoolID), Address: "10.5.0.7" };
      await call(handler, "NetworkDriver.CreateNetwork", {
        NetworkID: NETWORK,
        IPv4Data: [{ Pool: "10.5.0.0/24", Gateway: "10.5.0.1/24" }],
      });
      await call(handler, "IpamDriver.RequestAddress", pool);
      await call(handler, "NetworkDriver.CreateEndpoint", endpoint("e1"));
      now += uptime;
      await body(() => state.snapshot().list(ENDPOINTS).length, pool, handler);
    },
    "global",
    () => now,
  );
}

const endpoint = (EndpointID: string) => ({
  NetworkID: NETWORK,
  EndpointID,
  Interface: { Address: "10.5.0.7/24" },
});

Deno.test("driver gives up an endpoint when its engine releases the address without a word of it", () =>
  withEndpoint(30_000, async (attached, pool, handler) => {
    await call(handler, "IpamDriver.ReleaseAddress", pool);
    assert.equal(attached(), 0);
    await call(handler, "IpamDriver.RequestAddress", pool);
    const created = await call(handler, "NetworkDriver.CreateEndpoint", endpoint("e2"));
    assert.equal(created.status, 200, JSON.stringify(created.body));
  }));

Deno.test("driver keeps an endpoint when others asked for its address in vain", () =>
  withEndpoint(30_000, async (attached, pool, handler) => {
    for (const id of ["e2", "e3"]) {
      await call(handler, "IpamDriver.RequestAddress", pool);
      assert.equal((await call(handler, "NetworkDriver.CreateEndpoint", endpoint(id))).status, 500);
    }
    for (let n = 0; n < 2; n++) await call(handler, "IpamDriver.ReleaseAddress", pool);
    assert.equal(attached(), 1);
  }));

Deno.test("driver keeps an endpoint while a release may be the repetition of one before its start", () =>
  withEndpoint(10_000, async (attached, pool, handler) => {
    await call(handler, "IpamDriver.ReleaseAddress", pool);
    assert.equal(attached(), 1);
  }));
