/**
 * Rights: who we are, and the directories that are written to.
 * @module
 */
import type { Facts } from "../facts.ts";
import { fail, type Finding, ok } from "../finding.ts";

/** Bit numbers of capabilities(7). */
const NEEDED: readonly [name: string, bit: bigint][] = [
  ["CAP_NET_ADMIN", 12n],
  ["CAP_SYS_ADMIN", 21n],
];

export function checkPermissions(
  facts: Pick<Facts, "uid" | "capabilities" | "directories">,
): Finding[] {
  const missing = NEEDED.filter(([, bit]) => ((facts.capabilities >> bit) & 1n) === 0n)
    .map(([name]) => name);
  const rights = missing.length
    ? fail("rights", `${missing.join(" and ")} missing (uid ${facts.uid})`, "sudo contiv doctor")
    : ok("rights", `uid ${facts.uid}, ${NEEDED.map(([name]) => name).join(" and ")}`);
  return [
    rights,
    ...facts.directories.map(({ path, use, error }) =>
      error === undefined
        ? ok(`directory ${path}`, `writable (${use})`)
        : fail(`directory ${path}`, `${error} (${use})`, `sudo install -d -m 755 ${path}`)
    ),
  ];
}
