/**
 * One query in, one answer out: names of the asker's tenant by mod/dns, everything else by the host's own resolvers. Asks nobody for
 * an asker that has too many questions open.
 * @module
 */
import type { Log } from "../../mod/agent/log.ts";
import { answer, type Asker } from "../../mod/dns/answer.ts";
import type { NameIndex } from "../../mod/dns/name_index.ts";
import { type Transport, type Upstream, UpstreamError } from "../../mod/dns/upstream.ts";
import {
  CODE,
  decodeQuery,
  encodeAnswer,
  encodeRefusal,
  type Query,
  type ResponseCode,
} from "./wire.ts";

/** Questions of one asker that may be passed on at the same time. */
const MOST_OPEN = 64;
/** Milliseconds after which a client has asked again, or given up. */
const DEADLINE_MS = 8_000;
/** A TCP message's length is 16 bits (RFC 1035, section 4.2.2). */
const TCP_LIMIT = 65_535;

export interface NameServerDeps {
  readonly index: NameIndex;
  /** Whether this source address is the host's own business: nobody else is answered at all. */
  readonly mayAsk: (address: string) => boolean;
  /** Who asks from this source address; undefined: nobody whose tenant is known, who gets only what is passed on. */
  readonly asker: (address: string) => Asker | undefined;
  readonly upstream: Upstream;
  readonly log: Log;
}

export interface NameServerStatistics {
  answered: number;
  passedOn: number;
  refused: number;
}

export class NameServer {
  readonly statistics: NameServerStatistics = { answered: 0, passedOn: 0, refused: 0 };
  readonly #open = new Map<string, number>();
  #turn = 0;
  /** The last trouble that the log heard of. */
  #said = "";

  constructor(private readonly deps: NameServerDeps) {}

  /** The answer; undefined for what deserves none. Never rejects: nothing that breaks under a question may end the agent. */
  async handle(
    message: Uint8Array<ArrayBuffer>,
    from: string,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await this.#reply(message, from, transport, signal);
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
  }

  async #reply(
    message: Uint8Array<ArrayBuffer>,
    from: string,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const query = decodeQuery(message);
    if (query === undefined || !this.deps.mayAsk(from)) return undefined;
    if (typeof query === "number") return this.#refuse(message, query);
    const local = this.#local(query, from, transport);
    if (local) return local;
    return await this.#passOn(message, from, transport, signal);
  }

  #local(query: Query, from: string, transport: Transport): Uint8Array<ArrayBuffer> | undefined {
    if (!query.internet) return undefined;
    const found = answer(this.deps.index, this.deps.asker(from), query.question, this.#turn++);
    if (found.kind === "forward") return undefined;
    this.statistics.answered++;
    return encodeAnswer(query, found.records, transport === "tcp" ? TCP_LIMIT : query.limit);
  }

  async #passOn(
    message: Uint8Array<ArrayBuffer>,
    from: string,
    transport: Transport,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const open = this.#open.get(from) ?? 0;
    if (open >= MOST_OPEN) return this.#refuse(message, CODE.failed);
    this.#open.set(from, open + 1);
    const within = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    try {
      const reply = await this.deps.upstream.ask(message, transport, within);
      this.statistics.passedOn++;
      return reply;
    } catch (error) {
      if (!(error instanceof UpstreamError) && !within.aborted) this.#complain(error);
      this.deps.log.debug("A DNS question was not answered: {error}", { error: String(error) });
      return this.#refuse(message, CODE.failed);
    } finally {
      const left = (this.#open.get(from) ?? 1) - 1;
      if (left > 0) this.#open.set(from, left);
      else this.#open.delete(from);
    }
  }

  /** Once for all questions that meet the same. */
  #complain(error: unknown): void {
    const text = String(error);
    if (text === this.#said) return;
    this.#said = text;
    this.deps.log.error("The name server cannot answer: {error}", { error: text });
  }

  #refuse(message: Uint8Array, code: ResponseCode): Uint8Array<ArrayBuffer> {
    this.statistics.refused++;
    return encodeRefusal(message, code);
  }
}
