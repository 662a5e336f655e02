import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { compareKeys } from "../../mod/state/key_order.ts";
import type { Compare, KeyValue, Operation, Store } from "../../mod/state/store.ts";
import { openEmbeddedStore } from "./embedded/embedded_store.ts";
import { MemoryStore } from "./memory/memory_store.ts";

/** A trivial store: a map that is copied for each revision. */
class Model {
  revision: number;
  readonly versions = new Map<number, Map<string, KeyValue>>();
  now = new Map<string, KeyValue>();

  constructor(revision: number) {
    this.revision = revision;
  }

  transact(compares: readonly Compare[], operations: readonly Operation[]): boolean {
    if (!compares.every((compare) => this.#holds(compare))) return false;
    const next = new Map(this.now);
    for (const operation of operations) {
      const { key } = operation;
      const old = this.now.get(key);
      const revision = this.revision + 1;
      if (operation.type === "delete") next.delete(key);
      else {
        next.set(key, {
          key,
          value: operation.value,
          createRevision: old ? old.createRevision : revision,
          modRevision: revision,
          version: old ? old.version + 1 : 1,
          ...(operation.lease !== undefined && { lease: operation.lease }),
        });
      }
    }
    const changed = operations.some((each) => each.type === "put" || this.now.has(each.key));
    if (changed) this.revision++;
    this.now = next;
    return true;
  }

  sorted(prefix: string): KeyValue[] {
    return [...this.now.values()]
      .filter((item) => item.key.startsWith(prefix))
      .sort((a, b) => compareKeys(a.key, b.key));
  }

  #holds(compare: Compare): boolean {
    if ("prefix" in compare) {
      return this.sorted(compare.prefix).every((item) =>
        item.modRevision <= compare.unchangedSince
      );
    }
    const item = this.now.get(compare.key);
    if ("value" in compare) return item !== undefined && item.value === compare.value;
    if ("modRevision" in compare) return compare.modRevision === (item ? item.modRevision : 0);
    return compare.createRevision === (item ? item.createRevision : 0);
  }
}

const key = fc.constantFrom("/m/a", "/m/b", "/m/b/c", "/m/\u{ffff}", "/m/\u{10000}");
const prefix = fc.constantFrom("", "/m/", "/m/b", "/m/b/", "/x");
/** Revisions relative to the present one. */
const age = fc.integer({ min: 0, max: 6 });
const value = fc.constantFrom("", "1", "2");
const compare = fc.oneof(
  fc.record({ key, modRevision: age }),
  fc.record({ key, createRevision: age }),
  fc.record({ key, value }),
  fc.record({ prefix, unchangedSince: age }),
);
const operation = fc.oneof(
  fc.record({ type: fc.constant("put" as const), key, value, leased: fc.boolean() }),
  fc.record({ type: fc.constant("delete" as const), key }),
);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      compares: fc.array(compare, { maxLength: 2 }),
      operations: fc.uniqueArray(operation, { selector: (each) => each.key, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant("revoke" as const) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function agrees(store: Store, steps: readonly Step[], listed: string): Promise<void> {
  const start = (await store.list("")).revision;
  const model = new Model(start);
  let lease = await store.grantLease(600_000);
  for (const each of steps) {
    if (each === "revoke") {
      await store.revokeLease(lease);
      const held = model.sorted("").filter((item) => item.lease === lease);
      model.transact([], held.map((item) => ({ type: "delete", key: item.key })));
      lease = await store.grantLease(600_000);
    } else {
      const compares = each.compares.map((one) => absolute(one, model.revision));
      const operations = each.operations.map((one): Operation => {
        if (one.type === "delete") return one;
        const { leased, ...put } = one;
        return leased ? { ...put, lease } : put;
      });
      const succeeded = model.transact(compares, operations);
      assert.deepEqual(await store.transact(compares, operations), {
        succeeded,
        revision: model.revision,
      });
    }
    const expected = { items: model.sorted(listed), revision: model.revision };
    assert.deepEqual(await store.list(listed), expected);
  }
  assert.deepEqual(await replayed(store, start + 1, model.revision), model.sorted(""));
}

/** Age 0 stays 0, "absent"; others count back from the present revision. */
function absolute(compare: Compare, now: number): Compare {
  const at = (age: number) => age === 0 ? 0 : Math.max(0, now - age + 1);
  if ("prefix" in compare) return { ...compare, unchangedSince: at(compare.unchangedSince) };
  if ("modRevision" in compare) return { ...compare, modRevision: at(compare.modRevision) };
  if ("createRevision" in compare) {
    return { ...compare, createRevision: at(compare.createRevision) };
  }
  return compare;
}

/** What the watched history adds up to. */
async function replayed(store: Store, from: number, to: number): Promise<KeyValue[]> {
  const items = new Map<string, KeyValue>();
  const abort = new AbortController();
  if (from > to) return [];
  let expected = from;
  for await (const { revision, events } of store.watch("", from, abort.signal)) {
    assert.equal(revision, expected++);
    for (const event of events) {
      if (event.type === "put") items.set(event.item.key, event.item);
      else items.delete(event.key);
    }
    if (revision === to) abort.abort();
  }
  return [...items.values()].sort((a, b) => compareKeys(a.key, b.key));
}

const property = (open: () => Promise<Store>) =>
  fc.asyncProperty(fc.array(step, { maxLength: 30 }), prefix, async (steps, listed) => {
    const store = await open();
    try {
      await agrees(store, steps, listed);
    } finally {
      await store.close();
    }
  });

Deno.test("memory store agrees with a trivial model whatever is done", async () => {
  await fc.assert(property(() => Promise.resolve(new MemoryStore())), { numRuns: 200 });
});

Deno.test("embedded store agrees with a trivial model whatever is done", async () => {
  const directory = await Deno.makeTempDir();
  let files = 0;
  const open = () => openEmbeddedStore({ path: join(directory, `${files++}.db`) });
  try {
    await fc.assert(property(open), { numRuns: 40 });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
