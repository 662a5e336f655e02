/**
 * A recording of the original: netctl calls with the HTTP they made, and plain requests, in the order they were made.
 * @module
 */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** Body as sent; empty or "null" when there was none. */
  readonly request: string;
  /** Absent when the original closed the connection without a reply. */
  readonly status?: number;
  readonly contentType?: string;
  readonly response?: string;
}

export interface CommandStep {
  readonly step: string;
  readonly argv: readonly string[];
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly http: readonly Exchange[];
}

export interface RequestStep {
  readonly step: string;
  readonly rest: readonly [method: string, path: string, body: unknown];
  readonly http: readonly Exchange[];
}

export type Step = CommandStep | RequestStep;

export async function readRecording(name: string): Promise<Step[]> {
  const text = await Deno.readTextFile(new URL(`../fixtures/${name}`, import.meta.url));
  // The fixtures are ours: their shape is given.
  return text.trimEnd().split("\n").map((line) => JSON.parse(line) as Step);
}

/** The same text for any order of a table's rows and of objects in a JSON array; everything else counts. */
export function unordered(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text)), null, 1);
  } catch {
    return text.split("\n").sort().join("\n");
  }
}

/** Ours are set from the start, for endpoints that the original named only once its agent had made the port. */
const PORT_FIELDS = ["intfName", "virtualPort"];

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    const isList = items.some((item) => typeof item === "object");
    return isList ? items.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => !PORT_FIELDS.includes(key))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

/** The text of an error without the lines that follow it: stack there, advice here. */
export function firstLine(text: string | undefined): string {
  return (text ?? "").split("\n")[0]?.trim() ?? "";
}

/** What netctl logged: `time="…" level=error msg="TEXT…`. */
export function loggedMessage(stderr: string): string {
  return firstLine(stderr.replace(/^time="[^"]*" level=error msg="/, "")).replace(/"$/, "");
}

/** Objects that do not exist here yet leave these behind in others: emptied, as if they had never been named. */
const ABSENT_LINKS = ["AppProfile", "NetProfile"];
const ABSENT_FIELDS = [
  "policies",
  "netProfile",
  "AppProfiles",
  "ExtContractsGrps",
  "MatchRules",
  "NetProfiles",
  "Policies",
  "Servicelbs",
  "Services",
  "totalAppProfiles",
  "totalNetprofiles",
  "totalPolicies",
  "totalServicelbs",
];

/** A recorded JSON text as it would be without the objects that do not exist here yet; other text unchanged. */
export function withoutAbsent(text: string): string {
  if (!/^[[{]/.test(text)) return text;
  return JSON.stringify(JSON.parse(text), (key, value) => {
    if (ABSENT_LINKS.includes(key)) return {};
    return ABSENT_FIELDS.includes(key) ? undefined : value;
  });
}
