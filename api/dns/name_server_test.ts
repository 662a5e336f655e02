import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="@types/dns-packet"
import packet from "dns-packet";
import fc from "fast-check";
import { endpointRecord, networkRecord } from "../../mod/agent/testing/records.ts";
import { NameIndex } from "../../mod/dns/name_index.ts";
import { type Transport, type Upstream, UpstreamError } from "../../mod/dns/upstream.ts";
import { fixedSnapshot } from "../../mod/state/fixed_snapshot.ts";
import { endpointKey, NETWORKS } from "../../mod/state/keys.ts";
import { Forwarder } from "../../drivers/dns/forwarder.ts";
import { NameServer, type NameServerDeps } from "./name_server.ts";
import { serveTcp } from "./serve_tcp.ts";
import { serveUdp } from "./serve_udp.ts";
import { decodeQuery } from "./wire.ts";

const network = networkRecord("blue", "net1", 1);
const MEMBERS = 30;
/** RFC 1035, section 4.1.1. */
const SERVFAIL = 2;
const endpoints = Array.from(
  { length: MEMBERS },
  (_, n) => endpointRecord(network, n + 1, "a", { epCommonName: `web${n}`, serviceName: "front" }),
);

/** Answers from nowhere: what is passed on comes back as a response without records. */
const echo: Upstream = {
  ask: (query) => {
    const answer = query.slice();
    answer[2] = (answer[2] ?? 0) | 0x80;
    return Promise.resolve(answer);
  },
};

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

function nameServer(
  upstream: Upstream = echo,
  more: Partial<NameServerDeps> = {},
): NameServer {
  const index = new NameIndex("a");
  index.update(fixedSnapshot(Object.fromEntries([
    [NETWORKS + network.id, network],
    ...endpoints.map((endpoint) => [endpointKey(endpoint.id), endpoint]),
  ])));
  const asker = (address: string) =>
    address === "127.0.0.1" ? { tenant: "blue", network: "net1" } : undefined;
  const mayAsk = (address: string) => address !== "203.0.113.1";
  return new NameServer({ index, mayAsk, asker, upstream, log: quiet, ...more });
}

function query(name: string, extra: Partial<packet.Packet> = {}): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(packet.encode({
    type: "query",
    id: 7,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type: "A", name }],
    ...extra,
  }));
}

async function ask(
  server: NameServer,
  message: Uint8Array<ArrayBuffer>,
  from = "127.0.0.1",
  transport: Transport = "udp",
): Promise<Reply> {
  const reply = await server.handle(message, from, transport, new AbortController().signal);
  assert.ok(reply);
  return read(reply);
}

interface Reply extends packet.DecodedPacket {
  readonly code: number;
  readonly answers: packet.Answer[];
}

function read(reply: Uint8Array<ArrayBuffer>): Reply {
  const code = (reply[3] ?? 0) & 0x0f;
  const decoded = packet.decode(Buffer.from(reply));
  return { ...decoded, code, answers: decoded.answers ?? [] };
}

Deno.test("the name server answers with authority, and offers recursion, when the name is the tenant's", async () => {
  const reply = await ask(nameServer(), query("WEB3"));
  assert.equal(reply.id, 7);
  assert.equal(reply.flag_aa && reply.flag_ra && reply.flag_rd, true);
  assert.deepEqual(reply.questions, [{ name: "WEB3", type: "A", class: "IN" }]);
  assert.deepEqual(reply.answers.map((record) => record.type === "A" && record.data), [
    endpoints[3]?.ipAddress,
  ]);
});

Deno.test("the name server marks an answer as cut when it is too long for UDP, and sends it whole by TCP", async () => {
  const cut = await ask(nameServer(), query("front"));
  assert.equal(cut.flag_tc, true);
  assert.equal(cut.answers.length, 0);
  const whole = await ask(nameServer(), query("front"), "127.0.0.1", "tcp");
  assert.equal(whole.flag_tc, false);
  assert.equal(whole.answers.length, MEMBERS);
});

Deno.test("the name server sends more by UDP when the client says that it takes more", async () => {
  const additionals: packet.OptAnswer[] = [{
    type: "OPT",
    name: ".",
    udpPayloadSize: 4096,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  }];
  const reply = await ask(nameServer(), query("front", { additionals }));
  assert.equal(reply.answers.length, MEMBERS);
  assert.deepEqual(reply.additionals?.map(({ type }) => type), ["OPT"]);
});

Deno.test("the name server passes a question on when the asker is unknown, or the name is not ours", async () => {
  const server = nameServer();
  assert.equal((await ask(server, query("web1"), "192.0.2.1")).answers.length, 0);
  await ask(server, query("example.org"));
  assert.equal(server.statistics.passedOn, 2);
});

Deno.test("the name server does not answer a stranger to the host at all", async () => {
  const { signal } = new AbortController();
  assert.equal(await nameServer().handle(query("web1"), "203.0.113.1", "udp", signal), undefined);
});

Deno.test("the name server says SERVFAIL when nobody can be asked", async () => {
  const broken: Upstream = { ask: () => Promise.reject(new UpstreamError("none", "nobody")) };
  assert.equal((await ask(nameServer(broken), query("example.org"))).code, SERVFAIL);
});

Deno.test("the name server answers SERVFAIL, or nothing, when something breaks under a question", async () => {
  const broken = () => {
    throw new Error("too many open files");
  };
  const { signal } = new AbortController();
  const said: string[] = [];
  const log = { ...quiet, error: (_: string, values = {}) => said.push(JSON.stringify(values)) };
  const upstream: Upstream = { ask: () => Promise.reject(new Error("too many open files")) };
  const passing = nameServer(upstream, { log });
  assert.equal((await ask(passing, query("example.org"))).code, SERVFAIL);
  assert.equal((await ask(passing, query("example.org"))).code, SERVFAIL);
  assert.equal(said.length, 1);
  const deaf = nameServer(echo, { mayAsk: broken, log });
  assert.equal(await deaf.handle(query("web1"), "127.0.0.1", "udp", signal), undefined);
  assert.equal(said.length, 2);
});

Deno.test("the name server refuses the 65th open question of one asker, and nobody else's", async () => {
  const waiting = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const server = nameServer({ ask: () => waiting.promise });
  const open = Array.from({ length: 64 }, () => ask(server, query("example.org")));
  assert.equal((await ask(server, query("example.org"))).code, SERVFAIL);
  const other = ask(server, query("example.org"), "192.0.2.1");
  const reply = query("example.org");
  reply[2] = 0x81;
  waiting.resolve(reply);
  assert.equal((await other).code, 0);
  await Promise.all(open);
  assert.equal((await ask(server, query("example.org"))).code, 0);
});

Deno.test("the name server survives any bytes, and answers no response", async () => {
  const server = nameServer();
  const { signal } = new AbortController();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      const reply = await server.handle(Uint8Array.from(bytes), "127.0.0.1", "udp", signal);
      if (((bytes[2] ?? 0) & 0x80) !== 0 || bytes.length < 12) assert.equal(reply, undefined);
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(200), fc.nat(255), async (at, byte) => {
      const bytes = query("web1.net1");
      bytes[at % bytes.length] = byte;
      await server.handle(bytes, "127.0.0.1", "udp", signal);
    }),
  );
  assert.equal(decodeQuery(new Uint8Array(5000)), undefined);
});

Deno.test("the listeners answer by UDP and TCP, and close with clients connected", async () => {
  const server = nameServer();
  const tcp = serveTcp(server, "127.0.0.1", 15353, () => {});
  const udp = await serveUdp(server, "127.0.0.1", 15353, () => {});
  const client = new Forwarder({
    resolvers: () => [{ address: "127.0.0.1", port: 15353 }],
    id: () => 99,
  });
  for (const transport of ["udp", "tcp"] as const) {
    const signal = AbortSignal.timeout(5_000);
    const reply = read(await client.ask(query("web1"), transport, signal));
    assert.equal(reply.id, 7);
    assert.equal(reply.answers.length, 1);
  }
  const idle = await Deno.connect({ hostname: "127.0.0.1", port: 15353 });
  await Promise.all([udp.close(), tcp.close()]);
  idle.close();
});
