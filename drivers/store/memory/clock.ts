/**
 * Time as the memory store needs it, and a clock that only moves when a test says so.
 * @module
 */
export interface Clock {
  /** Milliseconds from an arbitrary origin, never going back. */
  now(): number;
  /** Calls `run` once after `milliseconds`, unless the returned function is called before. */
  after(milliseconds: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

export class ManualClock implements Clock {
  #now = 0;
  readonly #alarms = new Set<{ readonly at: number; readonly run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): () => void {
    const alarm = { at: this.#now + milliseconds, run };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Moves time on, ringing each alarm at its own time, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let alarm = this.#nextBefore(end); alarm; alarm = this.#nextBefore(end)) {
      this.#alarms.delete(alarm);
      this.#now = alarm.at;
      alarm.run();
    }
    this.#now = end;
  }

  #nextBefore(end: number): { readonly at: number; readonly run: () => void } | undefined {
    return [...this.#alarms].filter((alarm) => alarm.at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
