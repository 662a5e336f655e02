/**
 * Whether a message answers a query: same id, and the same question, byte for byte, which also checks the case of its letters.
 * @module
 */
const HEADER = 12;

/** Both in wire form (RFC 1035, section 4.1). The query has one question. */
export function answersQuery(answer: Uint8Array, query: Uint8Array): boolean {
  if (answer.length < HEADER || query.length < HEADER) return false;
  const isResponse = ((answer[2] ?? 0) & 0x80) !== 0;
  if (!isResponse || answer[0] !== query[0] || answer[1] !== query[1]) return false;
  // A server that could not read the question repeats none (RFC 1035, section 4.1.1: FORMERR).
  if (answer[4] === 0 && answer[5] === 0) return ((answer[3] ?? 0) & 0x0f) !== 0;
  const end = questionEnd(query);
  return end !== undefined && end <= answer.length &&
    query.subarray(HEADER, end).every((byte, index) => byte === answer[HEADER + index]);
}

/** Where the first question of a message ends; undefined when it does not. */
function questionEnd(message: Uint8Array): number | undefined {
  let at = HEADER;
  for (;;) {
    const length = message[at];
    // In a query's first name there is nothing yet that a pointer could point to.
    if (length === undefined || length > 63) return undefined;
    at += 1 + length;
    if (length === 0) return at + 4 <= message.length ? at + 4 : undefined;
  }
}
