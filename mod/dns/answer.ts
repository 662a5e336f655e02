/**
 * What the name server says: names of the asker's own tenant, and nothing about any other. A pure function of the index and the question.
 * @module
 */
import type { NamedEndpoint, NameIndex } from "./name_index.ts";
import { addressOfReverseName } from "./reverse_name.ts";

/**
 * Seconds for which an answer may be kept: a container that moves takes another address, and asking costs a trip within the host. The
 * original's 120 left clients at addresses of containers long gone.
 */
export const TIME_TO_LIVE = 10;

/** More endpoints of one name than this are not told: the client uses one. */
export const MOST_RECORDS = 32;

export interface Question {
  /** As asked, without the closing dot. */
  readonly name: string;
  /** `A`, `AAAA`, `PTR`, …; `ANY` is answered with addresses (RFC 8482, section 4.1). */
  readonly type: string;
}

/** The endpoint that asks. */
export type Asker = Pick<NamedEndpoint, "tenant" | "network">;

export interface AddressRecord {
  readonly type: "A" | "AAAA" | "PTR";
  /** An address; for PTR a name. */
  readonly data: string;
}

export type Answer =
  /** Ours. Without records: the name exists, but nothing of that type (RFC 2308, "NODATA"). */
  | { readonly kind: "ours"; readonly records: readonly AddressRecord[] }
  /** Not ours to answer: the host's own resolvers may know it. */
  | { readonly kind: "forward" };

const FORWARD: Answer = { kind: "forward" };

/**
 * `turn` rotates the order, so that the endpoints of a name share the load. In order of preference a name is a group's, a container's,
 * or `<either>.<network>`.
 */
export function answer(
  index: NameIndex,
  asker: Asker | undefined,
  { name, type }: Question,
  turn: number,
): Answer {
  if (!asker) return FORWARD;
  const wanted = name.toLowerCase();
  if (type === "PTR") return reverse(index, asker, wanted);
  const found = find(index, asker.tenant, wanted);
  if (found.length === 0) return FORWARD;
  const preferred = [
    ...rotate(found.filter(({ network }) => network === asker.network), turn),
    ...rotate(found.filter(({ network }) => network !== asker.network), turn),
  ].slice(0, MOST_RECORDS);
  return { kind: "ours", records: addresses(preferred, type) };
}

function find(index: NameIndex, tenant: string, name: string): readonly NamedEndpoint[] {
  const whole = byName(index, tenant, name);
  if (whole.length > 0) return whole;
  for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
    const network = name.slice(dot + 1);
    const here = byName(index, tenant, name.slice(0, dot)).filter((endpoint) =>
      endpoint.network === network
    );
    if (here.length > 0) return here;
  }
  return [];
}

function byName(index: NameIndex, tenant: string, name: string): readonly NamedEndpoint[] {
  const members = index.groupMembers(tenant, name);
  return members.length > 0 ? members : index.containers(tenant, name);
}

function addresses(endpoints: readonly NamedEndpoint[], type: string): AddressRecord[] {
  const records: AddressRecord[] = [];
  for (const { address, address6 } of endpoints) {
    if (type === "A" || type === "ANY") records.push({ type: "A", data: address });
    if ((type === "AAAA" || type === "ANY") && address6 !== undefined) {
      records.push({ type: "AAAA", data: address6 });
    }
  }
  return records;
}

/** Containers' own names; an endpoint without one has its address's name from nobody. */
function reverse(index: NameIndex, asker: Asker, name: string): Answer {
  const address = addressOfReverseName(name);
  const found = address === undefined ? [] : index.byAddress(asker.tenant, address);
  if (found.length === 0) return FORWARD;
  return {
    kind: "ours",
    records: found.filter((endpoint) => endpoint.name !== "")
      .map((endpoint) => `${endpoint.name}.${endpoint.network}`)
      .filter(isDomainName)
      .map((data) => ({ type: "PTR", data })),
  };
}

const encoder = new TextEncoder();

/** A container's name may be longer than DNS has words for (RFC 1035, section 2.3.4). */
function isDomainName(name: string): boolean {
  const labels = name.split(".").map((label) => encoder.encode(label).length);
  return labels.every((length) => length >= 1 && length <= 63) &&
    labels.reduce((sum, length) => sum + length + 1, 1) <= 255;
}

function rotate<T>(items: readonly T[], turn: number): readonly T[] {
  const start = items.length > 0 ? turn % items.length : 0;
  return [...items.slice(start), ...items.slice(0, start)];
}
