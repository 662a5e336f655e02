import assert from "node:assert/strict";
import { startMaster } from "../../tests/replay/master.ts";
import { BODY_LIMIT, BodyTooLarge, BodyTooSlow, readJson } from "./request_body.ts";

const URL = "http://master/api/v1/networks/default:n/";

function post(body: BodyInit): Request {
  return new Request(URL, { method: "POST", body });
}

Deno.test("readJson reads a body of exactly the limit and refuses one byte more", async () => {
  const exact = JSON.stringify("x".repeat(BODY_LIMIT - 2));
  assert.equal(await readJson(post(exact)), JSON.parse(exact));
  await assert.rejects(readJson(post(exact + " ")), BodyTooLarge);
});

Deno.test("readJson stops reading when an endless body passes the limit", async () => {
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  let chunks = 0;
  const endless = new ReadableStream({
    pull(controller) {
      chunks++;
      controller.enqueue(chunk);
    },
  });
  await assert.rejects(readJson(post(endless)), BodyTooLarge);
  assert(chunks <= BODY_LIMIT / chunk.length + 3, `${chunks} chunks`);
});

Deno.test("readJson gives up when the rest of a body does not come", async () => {
  const silent = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(1)),
  });
  await assert.rejects(readJson(post(silent), 10), BodyTooSlow);
});

/** A sender of raw bytes: how many it got rid of until nothing moves for 200 ms, and what came back. */
async function flood(address: string, head: string, chunk: Uint8Array<ArrayBuffer>) {
  const { hostname, port } = new globalThis.URL(address);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const encoder = new TextEncoder();
  await connection.write(
    encoder.encode(`POST ${new globalThis.URL(URL).pathname} HTTP/1.1\r\n${head}\r\n`),
  );
  let sent = 0;
  const write = async () => {
    while (true) sent += await connection.write(chunk);
  };
  const stopped = write().catch(() => {});
  let before = -1;
  while (before !== sent && sent < 64 * 1024 * 1024) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const reply = new Uint8Array(4096);
  const length = await connection.read(reply) ?? 0;
  connection.close();
  await stopped;
  return { sent, reply: new TextDecoder().decode(reply.subarray(0, length)) };
}

const FLOODS = {
  announced: ["content-length: 10000000000\r\n", new Uint8Array(64 * 1024).fill(0x20)],
  endless: [
    "transfer-encoding: chunked\r\n",
    new TextEncoder().encode(`10000\r\n${" ".repeat(0x10000)}\r\n`),
  ],
} as const;

for (const [kind, [head, chunk]] of Object.entries(FLOODS)) {
  Deno.test(`master API leaves an ${kind} body unread beyond the limit, and serves others`, async () => {
    await using master = await startMaster();
    const before = await master.contents();
    const { sent, reply } = await flood(master.url, head, chunk);
    assert.match(reply, /^HTTP\/1\.1 413 [^]*connection: close\r\n[^]*larger than 262144 bytes\n$/);
    // What the kernel's buffers on both sides take, and no more.
    assert(sent < 32 * 1024 * 1024, `${sent} bytes were taken`);
    assert.equal(await master.contents(), before);
    assert.equal((await fetch(`${master.url}/version`)).status, 200);
  });
}
