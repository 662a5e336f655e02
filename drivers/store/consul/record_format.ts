/**
 * A record as Consul values: one line of JSON with its revisions, then the value as it is, so that `consul kv get` shows it plainly.
 * What is larger than a piece continues in further keys. Pure.
 * @module
 */
import type { KeyValue } from "../../../mod/state/store.ts";
import { fromConsul, PIECES, piecesPrefix, toConsul } from "./names.ts";

/** Bytes in one Consul value: twice that still fits a transaction's 512 KiB, in which values are base64. */
export const PIECE_BYTES = 180 * 1024;

/** A Consul key and its value. */
export interface Pair {
  readonly key: string;
  readonly value: Uint8Array;
}

interface Header {
  readonly create: number;
  readonly modified: number;
  readonly version: number;
  readonly lease?: string;
  /** How many pieces follow in other keys. */
  readonly pieces?: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NEWLINE = 0x0a;

export function cut(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += PIECE_BYTES) {
    pieces.push(bytes.subarray(at, at + PIECE_BYTES));
  }
  return pieces;
}

export function join(pieces: readonly Uint8Array[]): string {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return decoder.decode(whole);
}

/** The pairs that a record is written as; the first is its own key. */
export function encodeRecord(item: KeyValue): Pair[] {
  const [first = new Uint8Array(), ...rest] = cut(encoder.encode(item.value));
  const header: Header = {
    create: item.createRevision,
    modified: item.modRevision,
    version: item.version,
    ...(item.lease !== undefined && { lease: item.lease }),
    ...(rest.length > 0 && { pieces: rest.length }),
  };
  const line = encoder.encode(JSON.stringify(header) + "\n");
  const value = new Uint8Array(line.length + first.length);
  value.set(line);
  value.set(first, line.length);
  const prefix = piecesPrefix(item.key);
  return [
    { key: toConsul(item.key), value },
    ...rest.map((piece, i) => ({ key: prefix + i, value: piece })),
  ];
}

/** Whether the record is written as more than one pair. */
export function isLarge(item: KeyValue | undefined): boolean {
  return item !== undefined && item.value.length * 3 > PIECE_BYTES;
}

/** The records that the pairs hold; `foreign` are the keys that somebody else wrote among them. */
export function decodeRecords(pairs: readonly Pair[]): { items: KeyValue[]; foreign: string[] } {
  const pieces = new Map(pairs.map((pair) => [pair.key, pair.value]));
  const items: KeyValue[] = [];
  const foreign: string[] = [];
  for (const pair of pairs) {
    if (pair.key.startsWith(PIECES)) continue;
    const item = decodeRecord(pair, pieces);
    if (item) items.push(item);
    else foreign.push(pair.key);
  }
  return { items, foreign };
}

function decodeRecord(
  { key: consulKey, value: bytes }: Pair,
  pieces: ReadonlyMap<string, Uint8Array>,
): KeyValue | undefined {
  const end = bytes.indexOf(NEWLINE);
  const header = end < 0 ? undefined : decodeHeader(decoder.decode(bytes.subarray(0, end)));
  if (!header) return undefined;
  const key = fromConsul(consulKey);
  const parts = [bytes.subarray(end + 1)];
  for (let i = 0; i < (header.pieces ?? 0); i++) {
    const piece = pieces.get(piecesPrefix(key) + i);
    if (!piece) return undefined;
    parts.push(piece);
  }
  return {
    key,
    value: join(parts),
    createRevision: header.create,
    modRevision: header.modified,
    version: header.version,
    ...(header.lease !== undefined && { lease: header.lease }),
  };
}

function decodeHeader(line: string): Header | undefined {
  try {
    const header: unknown = JSON.parse(line);
    return isHeader(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

function isHeader(header: unknown): header is Header {
  if (typeof header !== "object" || header === null) return false;
  const fields: Partial<Record<keyof Header, unknown>> = header;
  return [fields.create, fields.modified, fields.version, fields.pieces ?? 0].every(
    Number.isSafeInteger,
  ) && (fields.lease === undefined || typeof fields.lease === "string");
}
