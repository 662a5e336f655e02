import assert from "node:assert/strict";
import type { Log } from "../../mod/agent/log.ts";
import { IntentError } from "../../mod/intent/error.ts";
import { agentApi } from "./agent_api.ts";
import { attachRequest } from "./attach_request.ts";

const log: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** An agent that has not started: whatever gets past validation is 503, and nothing can be changed. */
const api = agentApi({
  endpoints: () => undefined,
  resolveNamespace: () => Promise.reject(new Error("unreachable: the agent has not started")),
  flows: (name) => {
    if (name === "early") return undefined;
    if (name === "web") return ["table=0,priority=1 actions=drop"];
    throw new IntentError("not-found", "endpoint not found");
  },
  health: () => ({ ok: false, trouble: "not started yet" }),
  log,
});

async function post(body: BodyInit) {
  const reply = await api.request("/v1/endpoints", { method: "POST", body });
  return { status: reply.status, text: await reply.text() };
}

const VALID = { network: "net1", netns: "web" };
const HOSTILE = [
  ...[true, 1, 1.5, -1, {}, [], [1], null],
  ...["a\0b", "a\nb", "\u001b[31m", "\ud800", "x".repeat(1025), "x".repeat(60_000)],
];

for (const field of Object.keys(attachRequest.shape)) {
  Deno.test(`agent API refuses ${field} that is of a wrong type, too long or unprintable`, async () => {
    for (const value of HOSTILE) {
      const why = `${field}=${JSON.stringify(value).slice(0, 40)}`;
      const { status, text } = await post(JSON.stringify({ ...VALID, [field]: value }));
      assert.equal(status, 400, `${why}: ${status} ${text}`);
      assert.match(text, /^[^\n\p{C}]{5,320}\n$/u, why);
    }
  });
}

Deno.test("agent API refuses bodies that are no request, and says 503 to a request before it has started", async () => {
  const bodies = ["", "{", "null", "[]", "1", '"x"', "\0", '{"network":"n"}', '{"__proto__":{}}'];
  for (const body of bodies) {
    const { status, text } = await post(body);
    assert.equal(status, 400, `${body}: ${text}`);
    assert.match(text, /^[^\n]{5,320}\n$/);
  }
  const unknown = await post(JSON.stringify({ ...VALID, ["x\n".repeat(1000)]: 1 }));
  assert.equal(unknown.status, 400);
  assert.match(unknown.text, /^[^\n]{5,320}\n$/);
  assert.equal((await post(JSON.stringify(VALID))).status, 503);
});

Deno.test("agent API refuses a body that is larger than 64 KiB, announced or streamed", async () => {
  const large = " ".repeat(65 * 1024);
  assert.equal((await post(large)).status, 413);
  assert.equal((await post(ReadableStream.from([new TextEncoder().encode(large)]))).status, 413);
});

Deno.test("agent API answers hostile names with 404, and 503 before it has started", async () => {
  for (const name of ["..", "a%2fb", "%00", "a%0Ab", "x".repeat(5000)]) {
    const reply = await api.request(`/v1/endpoints/${name}/flows`);
    assert.equal(reply.status, 404);
  }
  const reply = await api.request("/v1/endpoints/web/flows");
  assert.equal(await reply.text(), "table=0,priority=1 actions=drop\n");
  assert.equal((await api.request("/v1/endpoints/early/flows")).status, 503);
});
