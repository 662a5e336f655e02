/**
 * The name server's sockets: on whatever of the wanted addresses can be listened on. What cannot be yet is tried at the next look; the log
 * hears of each trouble once, and of a port that somebody else has as a warning.
 * @module
 */
import type { NameServer } from "../../api/dns/name_server.ts";
import { serveTcp } from "../../api/dns/serve_tcp.ts";
import { type Listener, serveUdp } from "../../api/dns/serve_udp.ts";
import type { Log } from "../../mod/agent/log.ts";
import { messageOf } from "../../mod/state/message_of.ts";

type Transport = "udp" | "tcp";

export interface NameListenersDeps {
  readonly server: NameServer;
  /** Where names are to be served now. */
  readonly addresses: () => readonly string[];
  readonly ports: readonly number[];
  readonly log: Log;
}

export class NameListeners {
  readonly #open = new Map<string, Listener>();
  /** Of the last look, by socket. */
  #troubles = new Map<string, string>();
  #serving = false;

  constructor(private readonly deps: NameListenersDeps) {}

  /** Opens what is missing, and closes what is not wanted any more. */
  async look(): Promise<void> {
    const { ports, log } = this.deps;
    const wanted = new Set(this.deps.addresses());
    await this.#close((listener) => !wanted.has(listener.address));
    const troubles = new Map<string, string>();
    for (const address of wanted) {
      for (const port of ports) {
        for (const transport of ["udp", "tcp"] as const) {
          await this.#openOne(transport, address, port, troubles);
        }
      }
    }
    this.#troubles = troubles;
    const serving = wanted.size > 0 && troubles.size === 0;
    if (serving && !this.#serving) {
      log.info("Names are served on {addresses}", { addresses: [...wanted].join(", ") });
    }
    this.#serving = serving;
  }

  async close(): Promise<void> {
    await this.#close(() => true);
  }

  async #close(which: (listener: Listener) => boolean): Promise<void> {
    for (const [name, listener] of [...this.#open]) {
      if (!which(listener)) continue;
      this.#open.delete(name);
      await listener.close();
    }
  }

  async #openOne(
    transport: Transport,
    address: string,
    port: number,
    troubles: Map<string, string>,
  ): Promise<void> {
    const name = `${transport} ${address} ${port}`;
    if (this.#open.has(name)) return;
    try {
      this.#open.set(name, await this.#serve(transport, address, port, name));
    } catch (error) {
      const trouble = messageOf(error);
      troubles.set(name, trouble);
      if (this.#troubles.get(name) !== trouble) this.#say(transport, port, name, error);
    }
  }

  #serve(transport: Transport, address: string, port: number, name: string): Promise<Listener> {
    const { server, log } = this.deps;
    const failed = (error: Error) => {
      log.warn("The name server lost {name}: {error}", { name, error: error.message });
      this.#open.delete(name);
    };
    return transport === "udp"
      ? serveUdp(server, address, port, failed)
      : Promise.try(() => serveTcp(server, address, port, failed));
  }

  #say(transport: Transport, port: number, name: string, error: unknown): void {
    const { log } = this.deps;
    if (codeOf(error) === "EADDRNOTAVAIL") {
      log.debug("The name server waits for the address of {name}", { name });
      return;
    }
    log.warn(
      "The name server cannot listen on {name}: {error}. Containers that ask there get no names; `{command}` shows who listens; " +
        "it is tried again until it works",
      {
        name,
        error: messageOf(error),
        command: `ss -l${transport === "udp" ? "u" : "t"}np 'sport = :${port}'`,
      },
    );
  }
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return String(error.code);
}
