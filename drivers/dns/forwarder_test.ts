import assert from "node:assert/strict";
import dgram from "node:dgram";
import type { AddressInfo } from "node:net";
import { UpstreamError } from "../../mod/dns/upstream.ts";
import { Forwarder, type Resolver } from "./forwarder.ts";
import { answersQuery } from "./same_question.ts";

/** `example.org`, type A, class IN. */
const QUERY = Uint8Array.of(
  ...[0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  ...[7, 101, 120, 97, 109, 112, 108, 101, 3, 111, 114, 103, 0, 0, 1, 0, 1],
);

/** A resolver that sends these for each question. */
async function resolver(
  replies: (query: Uint8Array<ArrayBuffer>) => readonly Uint8Array[],
): Promise<Resolver & { close: () => Promise<void> }> {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (message, from) => {
    for (const reply of replies(Uint8Array.from(message))) {
      socket.send(reply, from.port, from.address);
    }
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  const { port }: AddressInfo = socket.address();
  return {
    address: "127.0.0.1",
    port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function responseTo(query: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const response = query.slice();
  response[2] = (response[2] ?? 0) | 0x80;
  return response;
}

function changed(message: Uint8Array<ArrayBuffer>, at: number): Uint8Array<ArrayBuffer> {
  const copy = message.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

const signal = () => AbortSignal.timeout(10_000);

Deno.test("the forwarder takes only the answer to its question when others arrive first", async () => {
  const server = await resolver((query) => {
    const response = responseTo(query);
    return [changed(response, 0), changed(response, 13), query, new Uint8Array(3), response];
  });
  const forwarder = new Forwarder({ resolvers: () => [server], id: () => 0xabcd });
  const answer = await forwarder.ask(QUERY, "udp", signal());
  assert.deepEqual(answer, responseTo(QUERY), "with the client's id, not the forwarder's");
  await server.close();
});

Deno.test("the forwarder asks the next resolver when one is silent", async () => {
  const silent = await resolver(() => []);
  const speaking = await resolver((query) => [responseTo(query)]);
  const forwarder = new Forwarder({
    resolvers: () => [silent, speaking],
    id: () => 1,
    patience: 50,
  });
  assert.deepEqual(await forwarder.ask(QUERY, "udp", signal()), responseTo(QUERY));
  await Promise.all([silent.close(), speaking.close()]);
});

Deno.test("the forwarder says whom it asked when nobody answers, by either transport", async () => {
  const silent = await resolver(() => []);
  const forwarder = new Forwarder({ resolvers: () => [silent], id: () => 1, patience: 50 });
  for (const transport of ["udp", "tcp"] as const) {
    await assert.rejects(
      forwarder.ask(QUERY, transport, signal()),
      (error) => error instanceof UpstreamError && error.code === "unanswered",
    );
  }
  await silent.close();
});

Deno.test("the forwarder says what to do when the host has no resolver", async () => {
  const forwarder = new Forwarder({ resolvers: () => [], id: () => 1 });
  await assert.rejects(forwarder.ask(QUERY, "udp", signal()), /--dns-server/);
});

Deno.test("an answer without question is one when it is an error", () => {
  const refusal = Uint8Array.of(0x12, 0x34, 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  assert.equal(answersQuery(refusal, QUERY), true);
  assert.equal(answersQuery(changed(refusal, 3), QUERY), false);
  assert.equal(answersQuery(responseTo(QUERY).subarray(0, 20), QUERY), false);
});
