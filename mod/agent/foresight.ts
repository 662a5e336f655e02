/**
 * Endpoints whose record is still being written, wired meanwhile: link and port take longer than the store, and carry nothing before the
 * flows. Each stays here, safe from being cleared away, until its owner is reconciled. A process that dies before leaves what the next
 * one's first comparison clears away.
 * @module
 */
import type { Wiring } from "./desired_endpoint.ts";

interface Foreseen {
  readonly wiring: Wiring;
  readonly work: Promise<void>;
}

export class Foresight {
  readonly #foreseen = new Map<string, Foreseen>();

  has(id: string): boolean {
    return this.#foreseen.has(id);
  }

  /** `work` wires it; that it failed is found again by the reconciliation. */
  begin(id: string, wiring: Wiring, work: Promise<void>): void {
    this.#foreseen.set(id, { wiring, work: work.catch(() => {}) });
  }

  /** What was foreseen for it, after that was wired or has failed to be. */
  async result(id: string): Promise<Wiring | undefined> {
    const foreseen = this.#foreseen.get(id);
    await foreseen?.work;
    return foreseen?.wiring;
  }

  /** What there is of it is others' business now. */
  forget(id: string): void {
    this.#foreseen.delete(id);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.#foreseen.values()].map(({ work }) => work));
  }

  wirings(): Wiring[] {
    return [...this.#foreseen.values()].map(({ wiring }) => wiring);
  }
}

/** Whether one serves as the other. */
export function isSameWiring(a: Wiring, b: Wiring): boolean {
  return JSON.stringify([a.link, a.port]) === JSON.stringify([b.link, b.port]);
}
