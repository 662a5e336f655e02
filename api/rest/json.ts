/**
 * JSON as Go's encoder writes it, so that bodies are the original's byte for byte.
 * @module
 */
const ESCAPES: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** One line, with the characters escaped that Go escapes, and a newline at the end. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => ESCAPES[char] ?? char) +
    "\n";
}
