/**
 * One TCP transfer between two namespaces, as a program of its own because a process has one network namespace.
 * `transfer.ts serve ADDRESS PORT` prints "ready", takes one connection and returns the SHA-256 of all it was sent;
 * `transfer.ts send ADDRESS PORT BYTES` fails unless what comes back is the digest of what it sent.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";

const DEADLINE_MS = 20_000;

async function serve(hostname: string, port: number): Promise<void> {
  using listener = Deno.listen({ hostname, port });
  console.log("ready");
  using connection = await listener.accept();
  const hash = createHash("sha256");
  for await (const chunk of connection.readable.values({ preventCancel: true })) hash.update(chunk);
  await Deno.stdout.write(new TextEncoder().encode(hash.digest("hex")));
}

async function send(hostname: string, port: number, bytes: number): Promise<void> {
  using connection = await Deno.connect({ hostname, port });
  const data = randomBytes(bytes);
  for (let sent = 0; sent < bytes;) sent += await connection.write(data.subarray(sent));
  await connection.closeWrite();
  await Deno.stdout.write(
    new TextEncoder().encode(createHash("sha256").update(data).digest("hex")),
  );
}

const [role, hostname = "", port = "", bytes = "0"] = Deno.args;
Deno.unrefTimer(setTimeout(() => Deno.exit(3), DEADLINE_MS));
if (role === "serve") await serve(hostname, Number(port));
else await send(hostname, Number(port), Number(bytes));
