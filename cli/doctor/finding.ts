/**
 * What a check found, and how it is shown.
 * @module
 */

/** "fail": Contiv cannot work, or not safely. "warn": it works, but something is worth knowing or mending. */
export type Level = "ok" | "warn" | "fail";

export interface Finding {
  readonly level: Level;
  /** What was looked at: a few words, stable, for scripts. */
  readonly what: string;
  /** One sentence: what is so. */
  readonly finding: string;
  /** The command, or the act, that mends it. */
  readonly mend?: string;
}

export function ok(what: string, finding: string): Finding {
  return { level: "ok", what, finding };
}

export function warn(what: string, finding: string, mend?: string): Finding {
  return { level: "warn", what, finding, ...(mend !== undefined && { mend }) };
}

export function fail(what: string, finding: string, mend: string): Finding {
  return { level: "fail", what, finding, mend };
}

const LABELS: Readonly<Record<Level, string>> = { ok: "ok  ", warn: "warn", fail: "FAIL" };

/** One line a finding, one more for what mends it, and a last line with the counts. */
export function formatFindings(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ level, what, finding, mend }) => [
    `${LABELS[level]}  ${what}: ${finding}`,
    ...(mend === undefined ? [] : [`        ${mend}`]),
  ]);
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const counted = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const counts = [
    `${count("ok")} ok`,
    counted(count("warn"), "warning"),
    counted(count("fail"), "failure"),
  ];
  return [...lines, "", counts.join(", ")].join("\n");
}
