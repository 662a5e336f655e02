/**
 * Long work in slices, so that the event loop gets its turn between them: a generator that yields at each step, and what runs it.
 * @module
 */
import { setImmediate } from "node:timers/promises";

/** Flows, or lines of a bundle, that are worked on at a time: some 2 ms of any work on them. */
export const SLICE = 500;

/** Looks at no more than one flow in each step; returns what came out. */
export type Steps<T> = Generator<void, T, void>;

/** `work` on each item, a step each. */
export function* forEachStep<T>(items: Iterable<T>, work: (item: T) => void): Steps<void> {
  for (const item of items) {
    work(item);
    yield;
  }
}

/** Lets the event loop go on after every SLICE steps; work that is aborted ends there, with the signal's reason. */
export async function inSlices<T>(work: Steps<T>, signal?: AbortSignal): Promise<T> {
  for (let count = 1;; count++) {
    const step = work.next();
    if (step.done) return step.value;
    if (count % SLICE > 0) continue;
    await setImmediate();
    signal?.throwIfAborted();
  }
}

/** Without a pause. */
export function atOnce<T>(work: Steps<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
