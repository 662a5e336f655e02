/**
 * Request bodies → fields, or the first fault in the original's order: JSON types, then the key, then fields alphabetically.
 * @module
 */
import { keyOf, type ModelObject, type ObjectType } from "./object.ts";
import { withoutZeros } from "./wire.ts";

export type Validation =
  | { readonly ok: true; readonly fields: ModelObject }
  /** One sentence; the original's text where it had one. */
  | { readonly ok: false; readonly message: string };

/** The object's own fields without zero values. Unknown fields, `link-sets` and `links` are ignored, as the original did. */
export function validate(type: ObjectType, key: string, body: unknown): Validation {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return fault(`the body of ${type.type} ${key} must be a JSON object, not ${kindOf(body)}`);
  }
  const given = ownFields(type, body);
  const parsed = type.schema.safeParse(given);
  const issues = parsed.error?.issues ?? [];
  const mistyped = issues.find((issue) => issue.code === "invalid_type");
  if (mistyped?.code === "invalid_type") {
    const expected = { int: "an integer", string: "a string", array: "a list" }[
      String(mistyped.expected)
    ];
    return fault(
      `${mistyped.path.join(".")} must be ${expected ?? mistyped.expected}, not ${
        kindOf(at(given, mistyped.path))
      }`,
    );
  }
  if (keyOf(type, given) !== key) return fault("Invalid Key");
  const [first] = issues;
  if (first) return fault(first.message);
  return { ok: true, fields: withoutZeros(parsed.data ?? {}) };
}

/** Null counts as absent, as in Go, and an absent required string as empty, so that it is its grammar that refuses it. */
function ownFields(type: ObjectType, body: object): ModelObject {
  return Object.fromEntries(
    type.fields.flatMap((name) => {
      const value: unknown = Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined;
      if (value !== undefined && value !== null) return [[name, value]];
      const optional = type.schema.shape[name]?.safeParse(undefined).success;
      return optional ? [] : [[name, ""]];
    }),
  );
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => typeof inner === "object" && inner !== null ? Reflect.get(inner, name) : inner,
    value,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "number" && !Number.isInteger(value)) return "a fraction";
  return typeof value === "undefined" ? "nothing" : `a ${typeof value}`;
}

const fault = (message: string): Validation => ({ ok: false, message });
