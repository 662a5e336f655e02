/**
 * What is to be announced when, paced: who appears is announced at once and then again some times, a few at a time however many there are.
 * Pure but for its memory; the clock is the caller's.
 * @module
 */
import type { PacketOut } from "./switch.ts";

/** As the original: one at once, then 15 every 3 s, so that one that is lost, or sent before a physical port forwards, is made good. */
export const REPEATS = 15;
export const INTERVAL_MS = 3_000;

interface Entry {
  readonly packets: readonly PacketOut[];
  due: number;
  left: number;
}

export class AnnouncementQueue {
  readonly #entries = new Map<string, Entry>();

  /** Starts anew for one that is there already. */
  add(id: string, packets: readonly PacketOut[], now: number): void {
    this.#entries.delete(id);
    this.#entries.set(id, { packets, due: now, left: REPEATS });
  }

  remove(id: string): void {
    this.#entries.delete(id);
  }

  /** The packets of at most `limit` entries that are due, those that have waited longest first. Each is due again an interval later. */
  take(now: number, limit: number): PacketOut[] {
    const due = [...this.#entries].filter(([, entry]) => entry.due <= now)
      .sort(([, a], [, b]) => a.due - b.due).slice(0, limit);
    for (const [id, entry] of due) {
      entry.due = now + INTERVAL_MS;
      entry.left--;
      if (entry.left < 0) this.#entries.delete(id);
    }
    return due.flatMap(([, { packets }]) => packets);
  }

  /** When the next is due; undefined: nothing is to come. */
  next(): number | undefined {
    let next: number | undefined;
    for (const { due } of this.#entries.values()) next = Math.min(next ?? due, due);
    return next;
  }
}
