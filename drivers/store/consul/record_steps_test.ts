import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_BODY_BYTES, MAX_STEPS, type Step, stepBytes } from "./consul_api.ts";
import { transactionsOf } from "./record_steps.ts";
import { PIECE_BYTES } from "./record_format.ts";

Deno.test("transactionsOf keeps every step, in order, within Consul's limits, each transaction guarded", () => {
  const guard: Step = { verb: "check-index", key: "head", index: 1 };
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.constantFrom(PIECE_BYTES, 100_000)), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(sizes, (lengths) => {
      const steps = lengths.map((length, i): Step => {
        return { verb: "set", key: `k${i}`, value: new Uint8Array(length) };
      });
      const transactions = transactionsOf(steps, guard);
      assert.deepEqual(transactions.flatMap((each) => each.slice(1)), steps);
      for (const each of transactions) {
        assert.equal(each[0], guard);
        assert.ok(each.length > 1 && each.length <= MAX_STEPS);
        assert.ok(each.reduce((sum, step) => sum + stepBytes(step), 0) <= MAX_BODY_BYTES);
      }
    }),
    { numRuns: 30 },
  );
});
