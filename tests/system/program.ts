/**
 * How tests call this project's program from source, whatever the working directory.
 * @module
 */
const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

export const PROGRAM: readonly string[] = [
  Deno.execPath(),
  "run",
  "--quiet",
  "-A",
  `--config=${CONFIG}`,
  MAIN,
];

/** A port of 127.0.0.1 that nobody uses right now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
