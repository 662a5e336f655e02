/**
 * Passes questions on to the host's resolvers: one after another until one answers, each question from a socket of its own, so that neither
 * its port nor its id can be guessed (RFC 5452), and only an answer from the server asked, to the question asked, is taken.
 * @module
 */
import type { Transport, Upstream } from "../../mod/dns/upstream.ts";
import { UpstreamError } from "../../mod/dns/upstream.ts";
import { askByTcp } from "./ask_tcp.ts";
import { askByUdp } from "./ask_udp.ts";

export interface Resolver {
  readonly address: string;
  readonly port: number;
}

export interface ForwarderOptions {
  /** In order of preference, asked anew for each question. */
  readonly resolvers: () => readonly Resolver[];
  /** A random id, 0–65535. */
  readonly id: () => number;
  /** Milliseconds after which the next resolver is tried; default 2,000. */
  readonly patience?: number;
}

/** Questions under way at once: each holds a socket. */
const MOST_OPEN = 1_000;

export class Forwarder implements Upstream {
  #open = 0;

  constructor(private readonly options: ForwarderOptions) {}

  async ask(
    query: Uint8Array<ArrayBuffer>,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const resolvers = this.options.resolvers();
    if (resolvers.length === 0) {
      throw new UpstreamError(
        "none",
        "the host has no name server to pass questions on to: add a `nameserver` line to /etc/resolv.conf, or give --dns-server",
      );
    }
    if (this.#open >= MOST_OPEN) {
      throw new UpstreamError("busy", `${MOST_OPEN} DNS questions are under way already`);
    }
    this.#open++;
    try {
      return await this.#askInTurn(resolvers, query, transport, signal);
    } finally {
      this.#open--;
    }
  }

  async #askInTurn(
    resolvers: readonly Resolver[],
    query: Uint8Array<ArrayBuffer>,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const renamed = query.slice();
    const failures: unknown[] = [];
    for (const resolver of resolvers) {
      signal.throwIfAborted();
      setId(renamed, this.options.id());
      const patience = AbortSignal.timeout(this.options.patience ?? 2_000);
      const within = AbortSignal.any([signal, patience]);
      try {
        const ask = transport === "tcp" ? askByTcp : askByUdp;
        const answer = await ask(resolver, renamed, within);
        setId(answer, idOf(query));
        return answer;
      } catch (error) {
        failures.push(error);
      }
    }
    const asked = resolvers.map(({ address }) => address).join(", ");
    throw new UpstreamError("unanswered", `no answer from the name servers ${asked}`, {
      cause: new AggregateError(failures),
    });
  }
}

function idOf(message: Uint8Array<ArrayBuffer>): number {
  return new DataView(message.buffer, message.byteOffset).getUint16(0);
}

function setId(message: Uint8Array<ArrayBuffer>, id: number): void {
  new DataView(message.buffer, message.byteOffset).setUint16(0, id);
}
