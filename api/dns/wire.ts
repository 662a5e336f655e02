/**
 * DNS messages (RFC 1035, RFC 6891) to and from what mod/dns decides. Whatever the bytes, nothing throws.
 * @module
 */
import { Buffer } from "node:buffer";
// @ts-types="@types/dns-packet"
import packet from "dns-packet";
import { type AddressRecord, type Question, TIME_TO_LIVE } from "../../mod/dns/answer.ts";

/** Longest query that is read: far more than one question with EDNS options takes. */
export const LONGEST_QUERY = 4096;
/** What every client takes by UDP (RFC 1035, section 4.2.1), and the most that is sent (no fragment on any path, DNS flag day 2020). */
const SHORTEST_LIMIT = 512;
const LONGEST_LIMIT = 1232;

const HEADER = 12;
const RESPONSE = 0x8000;
const OPCODE = 0x7800;

/** No error, the query is malformed, no server could be asked, not a kind of query that is served. */
export const CODE = { none: 0, malformed: 1, failed: 2, unknown: 4 } as const;
export type ResponseCode = typeof CODE[keyof typeof CODE];

export interface Query {
  readonly id: number;
  readonly question: Question;
  /** The question in the library's terms, to be repeated in the answer. */
  readonly asked: packet.Question;
  /** False for classes other than IN, which we have no names in. */
  readonly internet: boolean;
  /** Whether the client speaks EDNS, and so is answered in it. */
  readonly extended: boolean;
  /** Bytes of answer that the client takes by UDP. */
  readonly limit: number;
  readonly recursionDesired: boolean;
}

/** The query; a code to answer instead; or undefined for what is not even a query, which is not answered at all. */
export function decodeQuery(bytes: Uint8Array): Query | ResponseCode | undefined {
  if (bytes.length < HEADER || bytes.length > LONGEST_QUERY) return undefined;
  const flags = new DataView(bytes.buffer, bytes.byteOffset).getUint16(2);
  if (flags & RESPONSE) return undefined;
  if (flags & OPCODE) return CODE.unknown;
  try {
    const { id = 0, questions = [], additionals = [] } = packet.decode(Buffer.from(bytes));
    const [question] = questions;
    if (!question || questions.length !== 1) return CODE.malformed;
    const option = additionals.find((record) => record.type === "OPT");
    const limit = option?.type === "OPT" ? option.udpPayloadSize : SHORTEST_LIMIT;
    return {
      id,
      question: { name: question.name, type: question.type },
      asked: question,
      internet: (question.class ?? "IN") === "IN",
      extended: option !== undefined,
      limit: Math.min(Math.max(limit, SHORTEST_LIMIT), LONGEST_LIMIT),
      recursionDesired: (flags & packet.RECURSION_DESIRED) !== 0,
    };
  } catch {
    return CODE.malformed;
  }
}

/** The answer in at most `limit` bytes; what does not fit is left out whole, and marked so that the client asks again by TCP. */
export function encodeAnswer(
  query: Query,
  records: readonly AddressRecord[],
  limit: number,
): Uint8Array<ArrayBuffer> {
  const whole = encode(query, records, 0);
  return whole.length <= limit ? whole : encode(query, [], packet.TRUNCATED_RESPONSE);
}

function encode(
  { id, question, asked, extended, recursionDesired }: Query,
  records: readonly AddressRecord[],
  flags: number,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(packet.encode({
    type: "response",
    id,
    flags: flags | packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE |
      (recursionDesired ? packet.RECURSION_DESIRED : 0),
    questions: [asked],
    answers: records.map(({ type, data }) => ({
      type,
      data,
      name: question.name,
      ttl: TIME_TO_LIVE,
      class: "IN",
    })),
    additionals: extended ? [OPTIONS] : [],
  }));
}

const OPTIONS: packet.OptAnswer = {
  type: "OPT",
  name: ".",
  udpPayloadSize: LONGEST_LIMIT,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** A refusal: the query's own header and nothing else, which every client understands (RFC 1035, section 4.1.1). */
export function encodeRefusal(query: Uint8Array, code: ResponseCode): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(HEADER);
  header.set(query.subarray(0, 4));
  const view = new DataView(header.buffer);
  const kept = view.getUint16(2) & (OPCODE | packet.RECURSION_DESIRED);
  view.setUint16(2, RESPONSE | kept | packet.RECURSION_AVAILABLE | code);
  return header;
}
