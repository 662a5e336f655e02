/**
 * The TCP probe of the fault tests, a program that runs in a container's network: `server PORT` echoes; `client ADDRESS PORT FILE` keeps one
 * connection busy and makes a new one every 50 ms, and writes what it saw to FILE at SIGINT.
 * @module
 */
import process from "node:process";
import type { StreamFigures, TcpFigures } from "./figures.ts";

const STREAM_INTERVAL_MS = 10;
const CONNECT_INTERVAL_MS = 50;
/** How long what is under way at the end may take. */
const PATIENCE_MS = 20_000;

function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function serve(port: number): Promise<void> {
  for await (const connection of Deno.listen({ hostname: "0.0.0.0", port })) {
    connection.readable.pipeTo(connection.writable).catch(() => undefined); // the client says what broke
  }
}

/** Sends a numbered line every 10 ms; each has to come back, in order. */
class Stream {
  #sent = 0;
  #echoed = 0;
  #stall = 0;
  #last = performance.now();
  #broken: string | undefined;
  #open = true;
  #tasks: Promise<void>[] = [];

  constructor(private readonly connection: Deno.Conn) {}

  async start(): Promise<void> {
    const first = Promise.withResolvers<void>();
    this.#tasks = [this.#send(), this.#receive(first.resolve)];
    await first.promise;
  }

  async finish(): Promise<StreamFigures> {
    this.#open = false;
    const end = performance.now() + PATIENCE_MS;
    while (this.#echoed < this.#sent && this.#broken === undefined && performance.now() < end) {
      await later(STREAM_INTERVAL_MS);
    }
    this.connection.close();
    await Promise.allSettled(this.#tasks);
    return {
      sent: this.#sent,
      echoed: this.#echoed,
      stall: Math.round(this.#stall),
      ...(this.#broken === undefined ? {} : { broken: this.#broken }),
    };
  }

  async #send(): Promise<void> {
    const writer = this.connection.writable.getWriter();
    while (this.#open && this.#broken === undefined) {
      try {
        await writer.write(new TextEncoder().encode(`${this.#sent}\n`));
        this.#sent++;
      } catch (error) {
        this.#broken ??= String(error);
      }
      await later(STREAM_INTERVAL_MS);
    }
  }

  async #receive(first: () => void): Promise<void> {
    let rest = "";
    try {
      for await (const text of this.connection.readable.pipeThrough(new TextDecoderStream())) {
        this.#stall = Math.max(this.#stall, performance.now() - this.#last);
        this.#last = performance.now();
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          if (Number(line) !== this.#echoed) this.#broken ??= `${line} for ${this.#echoed}`;
          this.#echoed++;
        }
        first();
      }
      if (this.#open) this.#broken ??= "closed by the server";
    } catch (error) {
      if (this.#open) this.#broken ??= String(error);
    }
  }
}

async function tryOnce(address: string, port: number): Promise<number> {
  const start = performance.now();
  using connection = await Deno.connect({ hostname: address, port });
  await connection.write(new Uint8Array(1));
  if (await connection.read(new Uint8Array(1)) === null) throw new Error("closed");
  return performance.now() - start;
}

async function client(address: string, port: number, file: string): Promise<void> {
  const stop = Promise.withResolvers<void>();
  process.once("SIGINT", () => stop.resolve());
  const stream = new Stream(await Deno.connect({ hostname: address, port }));
  await stream.start();
  await tryOnce(address, port);
  const attempts: Promise<number | undefined>[] = [];
  const timer = setInterval(
    () => attempts.push(tryOnce(address, port).catch(() => undefined)),
    CONNECT_INTERVAL_MS,
  );
  console.log("running");
  await stop.promise;
  clearInterval(timer);
  const never = later(PATIENCE_MS).then(() => undefined);
  const times = await Promise.all(attempts.map((attempt) => Promise.race([attempt, never])));
  const made = times.filter((time) => time !== undefined);
  const figures: TcpFigures = {
    stream: await stream.finish(),
    connections: {
      tried: times.length,
      failed: times.length - made.length,
      slowest: Math.round(Math.max(0, ...made)),
    },
  };
  await Deno.writeTextFile(file, JSON.stringify(figures));
  Deno.exit(0);
}

const [role, ...rest] = Deno.args;
if (role === "server") await serve(Number(rest[0]));
else await client(rest[0] ?? "", Number(rest[1]), rest[2] ?? "");
