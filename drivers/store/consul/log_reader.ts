/**
 * Reads the head, the log and the records out of Consul, each as of one moment.
 * @module
 */
import { effects } from "../../../mod/state/evaluate.ts";
import {
  type KeyValue,
  type Operation,
  type Revision,
  StoreError,
} from "../../../mod/state/store.ts";
import { Tree } from "../../../mod/state/tree.ts";
import { type ConsulApi, MAX_STEPS, type Step, type StoredPair } from "./consul_api.ts";
import {
  decodeEntry,
  decodeHead,
  encodeHead,
  type Entry,
  type Head,
  type PartsReference,
} from "./log_format.ts";
import { HEAD, logKey, PIECES, RECORDS } from "./names.ts";
import { decodeRecords, join } from "./record_format.ts";

/** The head, and the index by which a commit proves that it did not move. */
export interface PlacedHead extends Head {
  readonly index: number;
}

export interface Loaded {
  readonly head: PlacedHead;
  readonly tree: Tree;
  /** Of the head's revision; empty when they need not be known. */
  readonly operations: readonly Operation[];
  /** Keys among the records that somebody else wrote. */
  readonly foreign: readonly string[];
}

const MAX_LOADS = 10;
/** For all records in one answer: Consul encodes it whole before its first byte. */
const LOAD_MS = 30_000;
/** A tree that the token may not read would come out empty; a check that it may not do is refused. */
const MAY_READ = [RECORDS, PIECES, HEAD].map((key): Step => ({
  verb: "check-not-exists",
  key: `${key}/none`,
}));

export async function readHead(api: ConsulApi): Promise<PlacedHead | undefined> {
  const { pair } = await api.read(HEAD, { index: 0, wait: 0 });
  return pair && placedHead(pair);
}

export function placedHead(pair: StoredPair): PlacedHead {
  return { ...decodeHead(join([pair.value])), index: pair.modifyIndex };
}

/** The log entries of the revisions, in order; undefined when some are not kept any more. */
export async function readEntries(
  api: ConsulApi,
  from: Revision,
  to: Revision,
): Promise<Entry[] | undefined> {
  const keys = Array.from({ length: to - from + 1 }, (_, i) => logKey(from + i));
  const pairs = await readAll(api, keys);
  if (!pairs) return undefined;
  const entries: Entry[] = [];
  for (const pair of pairs) {
    let entry: Entry | PartsReference = decodeEntry(join([pair.value]));
    if ("prefix" in entry) {
      const { prefix, parts } = entry;
      const read = await readAll(api, Array.from({ length: parts }, (_, i) => prefix + i));
      if (!read) return undefined;
      entry = decodeEntry(join(read.map((part) => part.value)));
    }
    if (!("id" in entry)) throw new StoreError("unusable", `${pair.key} in Consul is damaged`);
    entries.push(entry);
  }
  return entries;
}

/** All records; makes the head when this store is new. */
export async function readRecords(api: ConsulApi): Promise<Loaded> {
  for (let attempt = 0; attempt < MAX_LOADS; attempt++) {
    // Finds an endpoint that answers, before one is given the time for a large answer.
    await readHead(api);
    const steps: Step[] = [
      ...MAY_READ,
      { verb: "get-tree", key: HEAD },
      { verb: "get-tree", key: RECORDS },
      { verb: "get-tree", key: PIECES },
    ];
    const read = await api.transaction(steps, undefined, LOAD_MS);
    const pairs = read.done ? read.pairs : [];
    const at = pairs.find((pair) => pair.key === HEAD);
    const { items, foreign } = decodeRecords(pairs.filter((pair) => pair.key !== HEAD));
    if (!at) {
      await makeHead(api, items);
      continue;
    }
    const head = placedHead(at);
    if (!head.unapplied) return { head, tree: Tree.of(items), operations: [], foreign };
    const [entry] = await readEntries(api, head.revision, head.revision) ?? [];
    if (entry) {
      const tree = completed(items, entry.operations, head.revision);
      return { head, tree, operations: entry.operations, foreign };
    }
  }
  throw new StoreError("unavailable", "Consul's records moved faster than they could be read");
}

/** Revisions go on after those of records that outlived their head. */
async function makeHead(api: ConsulApi, items: readonly KeyValue[]): Promise<void> {
  const revision = items.reduce((most, item) => Math.max(most, item.modRevision), 0) + 1;
  const value = encodeHead({ revision, id: "", unapplied: false });
  await api.transaction([{ verb: "cas", key: HEAD, index: 0, value }]);
}

/** The records after the revision, of which some were written and some not. */
function completed(
  items: readonly KeyValue[],
  operations: readonly Operation[],
  revision: Revision,
): Tree {
  const tree = Tree.of(items);
  const due = operations.filter((each) => tree.get(each.key)?.modRevision !== revision);
  return tree.with(effects(due, tree, revision));
}

async function readAll(
  api: ConsulApi,
  keys: readonly string[],
): Promise<StoredPair[] | undefined> {
  const pairs: StoredPair[] = [];
  for (let at = 0; at < keys.length; at += MAX_STEPS) {
    const slice = keys.slice(at, at + MAX_STEPS);
    const outcome = await api.transaction(slice.map((key) => ({ verb: "get", key })));
    if (!outcome.done) return undefined;
    pairs.push(...outcome.pairs);
  }
  return pairs;
}
