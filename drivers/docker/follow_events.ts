/**
 * The engine's events over as many connections as it takes: dockerd may be absent, restart or be upgraded at any time.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { DockerEngine, DockerEvent } from "./engine.ts";
import { delay } from "../delay.ts";
import { DockerError } from "./error.ts";

const log = getLogger(["contiv", "docker"]);

/** Milliseconds before the first, and at most before any, attempt to connect again. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 1_000;

export type EngineNews =
  /** Events flow from now on; what happened before has to be looked up. */
  | { readonly type: "connected" }
  | { readonly type: "disconnected" }
  | { readonly type: "event"; readonly event: DockerEvent };

/** Ends when `signal` aborts, and only then. */
export async function* followEvents(
  engine: DockerEngine,
  types: readonly string[],
  signal: AbortSignal,
  random: () => number = Math.random,
): AsyncGenerator<EngineNews> {
  let pause = FIRST_PAUSE;
  let reported = false;
  while (!signal.aborted) {
    try {
      const events = await engine.events({ type: types }, signal);
      pause = FIRST_PAUSE;
      reported = false;
      yield { type: "connected" };
      for await (const event of events) yield { type: "event", event };
    } catch (error) {
      if (!(error instanceof DockerError)) throw error;
      if (!reported && !signal.aborted) {
        log.warn("{error}; waiting for it", { error: error.message });
      }
      reported = true;
    }
    if (signal.aborted) return;
    yield { type: "disconnected" };
    await delay(pause * (0.5 + random() / 2), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }
}
