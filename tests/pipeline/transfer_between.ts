/**
 * Sends bytes of chance from one network namespace to another by TCP; both ends must see the same digest.
 * @module
 */
import { equal } from "node:assert/strict";
import { must } from "../lab/command.ts";

export interface Transfer {
  /** The server listens on it. */
  readonly address: string;
  /** Under which the server is known to the sender; the same unless an address is translated between them. */
  readonly target?: string;
  readonly bytes: number;
}

export async function transferBetween(
  from: string,
  to: string,
  { address, target = address, bytes }: Transfer,
): Promise<void> {
  const program = (namespace: string, ...args: string[]) => [
    ...["ip", "netns", "exec", namespace],
    ...[Deno.execPath(), "run", "--no-config", "--allow-net", "--allow-read"],
    ...[new URL("transfer.ts", import.meta.url).pathname, ...args],
  ];
  const [command = "", ...args] = program(to, "serve", address, "5001");
  const server = new Deno.Command(command, { args, stdin: "null", stdout: "piped" }).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  equal((await reader.read()).value, "ready\n");
  const sent = await must(program(from, "send", target, "5001", `${bytes}`));
  let received = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    received += part.value;
  }
  equal((await server.status).code, 0);
  equal(received, sent);
  equal(sent.length, 64);
}
