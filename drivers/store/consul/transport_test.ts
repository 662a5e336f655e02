import assert from "node:assert/strict";
import { Transport } from "./transport.ts";

/** Sends `text` to whoever connects, and then nothing any more. */
function server(text: string): { endpoint: string; close: () => Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(text));
    }
  })();
  return {
    endpoint: `127.0.0.1:${listener.addr.port}`,
    close: async () => {
      listener.close();
      for (const connection of connections) connection.close();
      await serving;
    },
  };
}

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";

for (
  const [what, text] of [
    ["silent", ""],
    ["in the middle of an answer", `${HEAD}[`],
  ] as const
) {
  Deno.test(`the transport turns to another agent when one is stuck, ${what}`, async () => {
    const stuck = server(text);
    const well = server(`${HEAD}[1,2,3,4]\n`);
    const transport = new Transport({ endpoints: [stuck.endpoint, well.endpoint] });
    const answer = await transport.send(
      { method: "GET", path: "/v1/kv/a" },
      AbortSignal.timeout(6_000),
    );
    assert.equal(answer.text.trim(), "[1,2,3,4]");
    transport.close();
    await Promise.all([stuck.close(), well.close()]);
  });
}
