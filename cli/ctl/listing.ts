/**
 * How `ls` of any object that belongs to a tenant works: the tenant must exist, then its objects (or, with --all, everyone's) are
 * printed as a table, as JSON or as names only.
 * @module
 */
import { table } from "../output/table.ts";
import type { Invocation } from "./command.ts";
import type { WireObject } from "./master_client.ts";

export interface ListingSpec {
  readonly plural: string;
  /** Field that `--quiet` prints. */
  readonly nameField: string;
  readonly headings: readonly string[];
  /** Lengths of the dashes under the headings; absent: the headings' own. */
  readonly dashes?: readonly number[];
  row(object: WireObject): string[];
  /** Field that holds the tenant's name. Default: `tenantName`. */
  readonly tenantField?: string;
}

export async function list(invocation: Invocation, spec: ListingSpec): Promise<void> {
  const master = await invocation.master();
  const tenant = invocation.text("tenant");
  await master.get("tenants", tenant);
  const everything = await master.list(spec.plural);
  const tenantField = spec.tenantField ?? "tenantName";
  const objects = invocation.flag("all")
    ? everything
    : everything.filter((object) => object[tenantField] === tenant);
  if (invocation.flag("json")) return invocation.printJson(objects);
  if (invocation.flag("quiet")) {
    return invocation.print(objects.map((object) => text(object, spec.nameField) + "\n").join(""));
  }
  const options = spec.dashes ? { dashes: spec.dashes } : {};
  invocation.print(table(spec.headings, objects.map(spec.row), options));
}

/** A field as a cell: absent is empty, as on the wire. */
export function text(object: WireObject, field: string): string {
  const value = object[field];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** The strings of an array field; absent is empty. */
export function strings(object: WireObject, field: string): string[] {
  const value = object[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Leaves zero values out, as the wire does. */
export function compact(object: WireObject): WireObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) =>
      value !== "" && value !== 0 && !(Array.isArray(value) && value.length === 0)
    ),
  );
}
