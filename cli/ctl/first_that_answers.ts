/**
 * One of several masters, all alike: they are tried in turn, and the first that answers is kept. A change is sent to another one only
 * when the one before has seen nothing of it.
 * @module
 */
import { type HttpConnection, type Reply, Unreachable } from "./http_connection.ts";

export class FirstThatAnswers {
  #chosen = 0;

  /** At least one. */
  constructor(private readonly connections: readonly HttpConnection[]) {}

  /** Of the one that answered last. */
  get description(): string {
    return this.connections[this.#chosen]?.description ?? "";
  }

  /** Rejects with the error of the first one when none answers. */
  async request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Reply> {
    const read = method === "GET";
    let failure: unknown;
    let refusal: Reply | undefined;
    for (let tries = 0; tries < this.connections.length; tries++) {
      const index = (this.#chosen + tries) % this.connections.length;
      try {
        const reply = await this.connections[index]?.request(method, path, headers, body);
        // One that cannot read its store says so; another may be able to.
        if (reply && !(read && reply.status === 503)) {
          this.#chosen = index;
          return reply;
        }
        refusal ??= reply;
      } catch (error) {
        failure ??= error;
        if (!(error instanceof Unreachable) || !(read || error.unsent)) throw error;
      }
    }
    if (refusal) return refusal;
    throw failure;
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }
}
