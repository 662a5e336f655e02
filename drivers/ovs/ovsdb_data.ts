/**
 * RFC 7047 §5.1 values ↔ TypeScript: uuids, sets and maps; and the operations we use.
 * @module
 */
export type Uuid = readonly ["uuid", string];
export type NamedUuid = readonly ["named-uuid", string];
export type Atom = string | number | boolean | Uuid | NamedUuid;
export type OvsdbSet = readonly ["set", readonly Atom[]];
export type OvsdbMap = readonly ["map", readonly (readonly [Atom, Atom])[]];
export type Value = Atom | OvsdbSet | OvsdbMap;
/** A row as JSON has it, not yet checked. */
export type Row = Readonly<Record<string, unknown>>;
export type Condition = readonly [column: string, relation: "==" | "!=" | "includes", value: Value];
export type Mutation = readonly [
  column: string,
  mutator: "insert" | "delete" | "+=",
  value: Value,
];

/** RFC 7047 §5.2 */
export type Operation =
  | {
    readonly op: "insert";
    readonly table: string;
    readonly row: Readonly<Record<string, Value>>;
    readonly "uuid-name"?: string;
  }
  | {
    readonly op: "update";
    readonly table: string;
    readonly where: readonly Condition[];
    readonly row: Readonly<Record<string, Value>>;
  }
  | {
    readonly op: "mutate";
    readonly table: string;
    readonly where: readonly Condition[];
    readonly mutations: readonly Mutation[];
  }
  | {
    readonly op: "select";
    readonly table: string;
    readonly where: readonly Condition[];
    readonly columns: readonly string[];
  };

export function toMap(record: Readonly<Record<string, string>>): OvsdbMap {
  return ["map", Object.entries(record)];
}

export function toSet(atoms: readonly Atom[]): OvsdbSet {
  return ["set", atoms];
}

export function uuidIs(uuid: string): readonly Condition[] {
  return [["_uuid", "==", ["uuid", uuid]]];
}

/** The elements of a set column; a set of one may come as its bare element. */
export function fromSet(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value[0] === "set") return Array.isArray(value[1]) ? value[1] : [];
  return [value];
}

export function strings(value: unknown): readonly string[] {
  return fromSet(value).filter((element) => typeof element === "string");
}

/** An optional or plain string; undefined when empty. */
export function text(value: unknown): string | undefined {
  return strings(value)[0];
}

export function integer(value: unknown): number | undefined {
  const element = fromSet(value)[0];
  return typeof element === "number" ? element : undefined;
}

export function boolean(value: unknown): boolean | undefined {
  const element = fromSet(value)[0];
  return typeof element === "boolean" ? element : undefined;
}

export function uuids(value: unknown): readonly string[] {
  const elements = isUuid(value) ? [value] : fromSet(value);
  return elements.filter(isUuid).map(([, id]) => id);
}

export function stringMap(value: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(value) || value[0] !== "map" || !Array.isArray(value[1])) return {};
  const entries = value[1].filter(isStringPair);
  return Object.fromEntries(entries);
}

function isUuid(value: unknown): value is Uuid {
  return Array.isArray(value) && value[0] === "uuid" && typeof value[1] === "string";
}

function isStringPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "string";
}
