import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import { NameServer } from "../../api/dns/name_server.ts";
import { Forwarder } from "../../drivers/dns/forwarder.ts";
import { NameIndex } from "../../mod/dns/name_index.ts";
import { NameListeners } from "./name_listeners.ts";

/** Listeners of these addresses on a port that is free, but for what the test does with it, and what their log has. */
function listenersOn(...addresses: string[]): {
  listeners: NameListeners;
  port: number;
  logged: string[];
} {
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  const logged: string[] = [];
  const say = (level: string) => (message: string, facts: Record<string, unknown> = {}) =>
    void logged.push(
      `${level}: ${message.replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name]))}`,
    );
  const log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const server = new NameServer({
    index: new NameIndex("h"),
    mayAsk: () => false,
    asker: () => undefined,
    upstream: new Forwarder({ resolvers: () => [], id: () => 0 }),
    log,
  });
  const deps = { server, addresses: () => addresses, ports: [port], log };
  return { listeners: new NameListeners(deps), port, logged };
}

Deno.test("NameListeners warns once of a port that another program has, with the command that names it, and serves when it is free", async () => {
  const { listeners, port, logged } = listenersOn("127.0.0.1");
  const other = Deno.listen({ hostname: "127.0.0.1", port });
  await listeners.look();
  await listeners.look();
  const about = `The name server cannot listen on tcp 127.0.0.1 ${port}`;
  assert.equal(logged.length, 1);
  assert.ok(logged[0]?.startsWith(`warn: ${about}`));
  assert.match(logged[0] ?? "", new RegExp(`\`ss -ltnp 'sport = :${port}'\``));
  other.close();
  await listeners.look();
  await listeners.look();
  assert.deepEqual(logged.slice(1), ["info: Names are served on 127.0.0.1"]);
  await listeners.close();
});

Deno.test("NameListeners names the command for UDP when somebody has that", async () => {
  const { listeners, port, logged } = listenersOn("127.0.0.1");
  const other = dgram.createSocket("udp4");
  other.bind(port, "127.0.0.1");
  await once(other, "listening");
  await listeners.look();
  assert.equal(logged.length, 1);
  assert.match(logged[0] ?? "", new RegExp(`^warn: .*\`ss -lunp 'sport = :${port}'\``));
  await listeners.close();
  other.close();
  await once(other, "close");
});

Deno.test("NameListeners does not warn while an address is not there yet, and serves on the others", async () => {
  const { listeners, port, logged } = listenersOn("127.0.0.1", "192.0.2.77");
  await listeners.look();
  await listeners.look();
  assert.deepEqual(
    logged,
    ["udp", "tcp"].map((transport) =>
      `debug: The name server waits for the address of ${transport} 192.0.2.77 ${port}`
    ),
  );
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.close();
  await listeners.close();
});
