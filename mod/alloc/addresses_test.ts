import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress } from "../net/address.ts";
import { addressPrefix } from "../state/keys.ts";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { type AddressSpace, lowestFreeAddress } from "./addresses.ts";

const FIRST = 0x0a010000n;

/** 10.1.0.0 to 10.1.3.255 */
function spaceOf(changes: Partial<AddressSpace> = {}): AddressSpace {
  const whole = { first: FIRST, last: FIRST + 1023n };
  return {
    family: 4,
    prefix: addressPrefix("t:n"),
    subnet: "10.1.0.0/22",
    whole,
    usable: { first: FIRST + 1n, last: FIRST + 1022n },
    gateway: FIRST + 254n,
    pools: new Map(),
    ...changes,
  };
}

function holding(offsets: readonly number[]) {
  const keys = offsets.map((offset) =>
    addressPrefix("t:n") + formatAddress({ family: 4, value: FIRST + BigInt(offset) })
  );
  return fixedSnapshot(Object.fromEntries(keys.map((key) => [key, {}])));
}

const firstOffsets = (count: number) => Array.from({ length: count }, (_, at) => at);

Deno.test("the lowest address is given that is neither held nor reserved", () => {
  const offset = fc.integer({ min: 0, max: 1023 });
  const held = fc.record({ upTo: offset, others: fc.array(offset), freed: fc.array(offset) });
  fc.assert(fc.property(held, ({ upTo, others, freed }) => {
    const gone = new Set(freed);
    const offsets = [...new Set([...firstOffsets(upTo), ...others])].filter((at) => !gone.has(at));
    const taken = new Set([...offsets, 0, 254, 1023]);
    const expected = firstOffsets(1024).find((at) => !taken.has(at));
    const given = lowestFreeAddress(holding(offsets), spaceOf(), "");
    assert.equal(given && Number(given.value - FIRST), expected);
  }));
});

Deno.test("a pool that begins and ends within a block is given to its last address", () => {
  const pool = { first: FIRST + 300n, last: FIRST + 520n };
  const space = spaceOf({ pools: new Map([["g:t", pool]]) });
  const allBut520 = firstOffsets(1024).filter((at) => at !== 520);
  assert.equal(lowestFreeAddress(holding(allBut520), space, "g:t")?.value, pool.last);
  assert.equal(lowestFreeAddress(holding(firstOffsets(1024)), space, "g:t"), undefined);
});
