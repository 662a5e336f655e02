/**
 * The order of keys: bytewise in UTF-8, as etcd, Consul and SQLite keep them, which differs from JavaScript's own order of strings
 * for characters beyond U+FFFF.
 * @module
 */

/** Negative, zero or positive as `a` sorts before, with or after `b` in UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** UTF-8 sorts surrogate pairs (U+10000 and up) after U+E000–U+FFFF; UTF-16 code units have them the other way round. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** The first key after all keys that start with `prefix`, or undefined when there is none (the empty prefix). */
export function prefixEnd(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    if (point === 0x10ffff) continue;
    const next = point === 0xd7ff ? 0xe000 : point + 1;
    return points.join("") + String.fromCodePoint(next);
  }
  return undefined;
}

/** The index of the first of the sorted `items` whose key is not before `key`. */
export function lowerBound<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  key: string,
): number {
  let low = 0, high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && compareKeys(keyOf(item), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
