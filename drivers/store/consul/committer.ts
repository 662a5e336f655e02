/**
 * Writes one revision after the other: each commit is one Consul transaction that compares and sets the head, so that whatever was
 * decided on the replica still held when it took place. Its id in the log tells whether a commit without an answer took place.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { effects } from "../../../mod/state/evaluate.ts";
import { messageOf } from "../../../mod/state/message_of.ts";
import {
  type Operation,
  type Revision,
  StoreError,
  type TransactionResult,
} from "../../../mod/state/store.ts";
import { backoff } from "../../../mod/state/timing.ts";
import type { Tree } from "../../../mod/state/tree.ts";
import { delay } from "../../delay.ts";
import { type ConsulApi, MAX_BODY_BYTES, MAX_STEPS, type Step, stepBytes } from "./consul_api.ts";
import { encodeEntry, encodeHead, encodeJson, type Entry, type Head } from "./log_format.ts";
import { HEAD, leaseKey, logKey, partsPrefix } from "./names.ts";
import { cut, PIECE_BYTES } from "./record_format.ts";
import { recordSteps, transactionsOf } from "./record_steps.ts";
import type { PlacedHead } from "./log_reader.ts";
import type { Replica } from "./replica.ts";

/** Revisions that the log in Consul keeps, for processes that lag behind. */
const LOGGED = 1_000;
/** Leases that one transaction names at most. */
const MAX_LEASES = 32;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 200;

/** What is to be written on top of the records; undefined when a compare does not hold. */
export type Decide = (records: Tree) => readonly Operation[] | undefined;

/** What a commit builds on. */
interface Base {
  readonly head: PlacedHead;
  readonly tree: Tree;
}

export class Committer {
  #tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly api: ConsulApi,
    private readonly replica: Replica,
    private readonly logger: Logger | undefined,
  ) {}

  /** Commits of one process wait for each other, as only one could succeed at a time. */
  commit(decide: Decide, signal: AbortSignal): Promise<TransactionResult> {
    const turn = this.#tail.then(() => this.#commit(decide, signal));
    this.#tail = turn.catch(() => {});
    return turn;
  }

  async #commit(decide: Decide, signal: AbortSignal): Promise<TransactionResult> {
    const { replica } = this;
    const id = crypto.randomUUID();
    for (let attempt = 0, current = false;; attempt++) {
      if (signal.aborted) throw givenUp(signal);
      const base = this.#base();
      const operations = decide(replica.tree);
      const writes = operations && effects(operations, replica.tree, 0).length > 0;
      if (!base || (!writes && !current)) {
        await replica.sync();
        current = true;
      } else if (!operations || !writes) {
        return { succeeded: operations !== undefined, revision: replica.revision };
      } else if (base.head.unapplied) {
        await this.#writeRecords(base, replica.operations, signal);
        await replica.sync();
      } else {
        const { generation } = replica;
        const revision = await this.#attempt(
          base,
          { id, previous: base.head.id, operations },
          signal,
        );
        if (revision !== undefined) return { succeeded: true, revision };
        await replica.sync();
        current = true;
        const late = replica.revisionOf(id, base.head.revision + 1);
        if (late !== undefined) return { succeeded: true, revision: late };
        if (replica.generation !== generation) throw unknown();
        await delay(backoff(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, Math.random()), signal);
      }
    }
  }

  #base(): Base | undefined {
    const { head, revision, tree } = this.replica;
    return head && revision > 0 && head.revision === revision ? { head, tree } : undefined;
  }

  /** Returns the revision, or undefined when the head has moved. */
  async #attempt(base: Base, entry: Entry, signal: AbortSignal): Promise<Revision | undefined> {
    const revision = base.head.revision + 1;
    const leases = leasesOf(entry.operations);
    const shared: Step[] = [
      await this.#logStep(revision, entry, signal),
      ...leases.map((session): Step => ({
        verb: "check-session",
        key: leaseKey(session),
        session,
      })),
      ...trim(revision - LOGGED),
    ];
    const after = base.tree.with(effects(entry.operations, base.tree, revision));
    const records = recordSteps(entry.operations, after, base.tree);
    const whole = [
      headStep(base.head, { revision, id: entry.id, unapplied: false }),
      ...shared,
      ...records,
    ];
    const fits = whole.length <= MAX_STEPS &&
      whole.reduce((sum, step) => sum + stepBytes(step), 0) <= MAX_BODY_BYTES;
    const steps = fits
      ? whole
      : [headStep(base.head, { revision, id: entry.id, unapplied: true }), ...shared];
    const outcome = await this.api.transaction(steps, signal);
    if (!outcome.done) {
      const lost = outcome.failed.includes(0) ? undefined : leases[(outcome.failed[0] ?? 0) - 2];
      if (lost !== undefined) {
        throw new StoreError("lease-not-found", `the lease ${lost} has expired`);
      }
      return undefined;
    }
    const index = outcome.pairs.find((pair) => pair.key === HEAD)?.modifyIndex ?? 0;
    const head = { revision, id: entry.id, unapplied: !fits, index };
    this.replica.apply(revision, entry, head);
    if (!fits) await this.#writeRecordsLater({ head, tree: after }, entry.operations, signal);
    return revision;
  }

  /** An entry that does not fit one value is written beforehand; it counts only when a commit refers to it. */
  async #logStep(revision: Revision, entry: Entry, signal: AbortSignal): Promise<Step> {
    const key = logKey(revision);
    const bytes = encodeEntry(entry);
    if (bytes.length <= PIECE_BYTES) return { verb: "set", key, value: bytes };
    const prefix = `${partsPrefix(revision)}${crypto.randomUUID()}/`;
    const parts = cut(bytes);
    for (const [i, part] of parts.entries()) {
      await this.api.write(prefix + i, part, undefined, signal);
    }
    return { verb: "set", key, value: encodeJson({ prefix, parts: parts.length }) };
  }

  /** The commit took place: if its records cannot be written now, the next commit, whoever's, writes them first. */
  async #writeRecordsLater(
    base: Base,
    operations: readonly Operation[],
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#writeRecords(base, operations, signal);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.logger?.warn("the next commit will write the records of revision {revision}: {error}", {
        revision: base.head.revision,
        error: messageOf(error),
      });
    }
  }

  /** Ends early when another process has done it. */
  async #writeRecords(
    { head, tree }: Base,
    operations: readonly Operation[],
    signal: AbortSignal,
  ): Promise<void> {
    const guard: Step = { verb: "check-index", key: HEAD, index: head.index };
    for (const steps of transactionsOf(recordSteps(operations, tree), guard)) {
      if (!(await this.api.transaction(steps, signal)).done) return;
    }
    const outcome = await this.api.transaction(
      [headStep(head, { ...head, unapplied: false })],
      signal,
    );
    const index = outcome.done ? outcome.pairs[0]?.modifyIndex : undefined;
    if (index !== undefined) await this.replica.advance({ ...head, unapplied: false, index });
  }
}

function headStep(from: PlacedHead, to: Head): Step {
  return { verb: "cas", key: HEAD, index: from.index, value: encodeHead(to) };
}

function trim(revision: Revision): Step[] {
  if (revision < 1) return [];
  return [
    { verb: "delete", key: logKey(revision) },
    { verb: "delete-tree", key: partsPrefix(revision) },
  ];
}

function leasesOf(operations: readonly Operation[]): string[] {
  const named = operations.flatMap((each) => each.type === "put" && each.lease ? each.lease : []);
  const leases = [...new Set(named)];
  if (leases.length <= MAX_LEASES) return leases;
  throw new StoreError("invalid", `a transaction names more than ${MAX_LEASES} leases; split it`);
}

function unknown(): StoreError {
  return new StoreError(
    "unavailable",
    "the connection to Consul was lost for long; whether the transaction was applied is unknown",
  );
}

function givenUp(signal: AbortSignal): StoreError {
  return new StoreError("timeout", "the transaction was given up before others let it through", {
    cause: signal.reason,
  });
}
