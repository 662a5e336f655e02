/**
 * What a role has started, closed in reverse order when it stops: each part gets the rest of the deadline, and one that fails or
 * hangs holds up none of the others.
 * @module
 */
import type { Log } from "../../mod/agent/log.ts";

export class Services {
  readonly #services: { name: string; close: () => Promise<void> }[] = [];

  readonly #failure = Promise.withResolvers<never>();

  constructor(private readonly log: Log) {
    this.failed.catch(() => {}); // it is the role's to hear of it
  }

  /** Rejects with what a service cannot go on after; never resolves. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /** Ends the role. */
  fail(error: Error): void {
    this.#failure.reject(error);
  }

  add(name: string, close: () => Promise<void>): void {
    this.#services.push({ name, close });
  }

  /** Never throws; what did not close within `signal` is named in the log. */
  async close(signal: AbortSignal): Promise<void> {
    const late = new Promise<"late">((resolve) => {
      if (signal.aborted) resolve("late");
      signal.addEventListener("abort", () => resolve("late"), { once: true });
    });
    for (const { name, close } of this.#services.splice(0).reverse()) {
      try {
        if (await Promise.race([close(), late]) === "late") {
          this.log.warn("{name} did not stop in time", { name });
        }
      } catch (error) {
        this.log.warn("{name} did not stop cleanly: {error}", { name, error: String(error) });
      }
    }
  }
}
