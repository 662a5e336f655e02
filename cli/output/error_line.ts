/**
 * Errors on standard error, in the form of the original's logger: for people on a terminal, for log parsers elsewhere.
 * @module
 */

/** The error's first line in the logger's form; the lines after it, which say what to do, as they are. */
export function errorLine(text: string, isTerminal: boolean, now: Date): string {
  const [first = "", ...advice] = text.trimEnd().split("\n");
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const line = isTerminal ? `ERRO[0000] ${first}` : `time="${time}" level=error msg="${first}"`;
  return [line, ...advice].join("\n") + "\n";
}
