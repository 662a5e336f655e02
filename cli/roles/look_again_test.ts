import assert from "node:assert/strict";
import { hurriedTiming } from "../../drivers/store/testing.ts";
import { lookAgain } from "./look_again.ts";

Deno.test("lookAgain warns once while looks fail, says when they work again, and warns anew", async () => {
  const outcomes = ["fine", "away", "away", "slow", "fine", "fine", "away"];
  const stop = new AbortController();
  const logged: string[] = [];
  const say = (level: string) => (message: string, facts: Record<string, unknown> = {}) =>
    void logged.push(`${level} ${message.replace("{error}", String(facts["error"]))}`);
  await lookAgain({
    ...hurriedTiming,
    look: () => {
      const outcome = outcomes.shift();
      if (outcome === undefined) stop.abort();
      return outcome === undefined || outcome === "fine"
        ? Promise.resolve()
        : Promise.reject(new Error(outcome));
    },
    interval: 1,
    failing: "Not watched",
    mended: "Watched again",
    log: { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") },
  }, stop.signal);
  assert.deepEqual(logged, [
    "warn Not watched: away",
    "debug Not watched: slow",
    "info Watched again",
    "warn Not watched: away",
    "info Watched again",
  ]);
});

Deno.test("lookAgain says nothing of a look that failed because it was told to stop", async () => {
  const stop = new AbortController();
  const never = () => assert.fail("logged");
  await lookAgain({
    ...hurriedTiming,
    look: () => {
      stop.abort();
      return Promise.reject(stop.signal.reason);
    },
    interval: 1,
    failing: "",
    mended: "",
    log: { debug: never, info: never, warn: never, error: never },
  }, stop.signal);
});
