/**
 * The head and the log as Consul values. A log entry holds the operations of one revision; every process that applies them to the
 * revision before comes to the same records. Pure.
 * @module
 */
import type { Operation, Revision } from "../../../mod/state/store.ts";
import { StoreError } from "../../../mod/state/store.ts";

export interface Head {
  /** The store's revision. */
  readonly revision: Revision;
  /** Of the revision's log entry; by it a process sees that the store was restored and went another way. Empty at first. */
  readonly id: string;
  /** The revision's records may not all be written yet: whoever commits next writes them first. */
  readonly unapplied: boolean;
}

export interface Entry {
  /** Drawn by the writer, who finds by it whether a commit without an answer took place. */
  readonly id: string;
  /** The id of the entry before; empty when there is none. */
  readonly previous: string;
  readonly operations: readonly Operation[];
}

/** Where the parts of an entry lie that is too large for one value. */
export interface PartsReference {
  readonly prefix: string;
  readonly parts: number;
}

const encoder = new TextEncoder();
export const encodeJson = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

export function encodeHead({ revision, id, unapplied }: Head): Uint8Array {
  return encodeJson({ revision, id, ...(unapplied && { unapplied }) });
}

/** Throws StoreError "unusable" when somebody else wrote there. */
export function decodeHead(text: string): Head {
  const { revision, id, unapplied } = parse(text);
  if (typeof revision !== "number" || typeof id !== "string") throw damaged("head");
  return { revision, id, unapplied: unapplied === true };
}

export function encodeEntry(entry: Entry): Uint8Array {
  return encodeJson({
    id: entry.id,
    previous: entry.previous,
    operations: entry.operations.map((operation) =>
      operation.type === "delete"
        ? { delete: operation.key }
        : { put: operation.key, value: operation.value, lease: operation.lease }
    ),
  });
}

export function decodeEntry(text: string): Entry | PartsReference {
  const { id, previous, operations, prefix, parts } = parse(text);
  if (typeof prefix === "string" && typeof parts === "number") return { prefix, parts };
  if (typeof id !== "string" || typeof previous !== "string" || !Array.isArray(operations)) {
    throw damaged("log");
  }
  return { id, previous, operations: operations.map(decodeOperation) };
}

function decodeOperation(each: unknown): Operation {
  const { put, delete: deleted, value, lease } = fieldsOf(each);
  if (typeof deleted === "string") return { type: "delete", key: deleted };
  if (typeof put !== "string" || typeof value !== "string") throw damaged("log");
  return { type: "put", key: put, value, ...(typeof lease === "string" && { lease }) };
}

function parse(text: string): Record<string, unknown> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    throw damaged("head or log");
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function damaged(what: string): StoreError {
  return new StoreError(
    "unusable",
    `the store's ${what} in Consul, under contiv.io-store/, is not what Contiv writes; restore it from a snapshot (consul snapshot restore)`,
  );
}
