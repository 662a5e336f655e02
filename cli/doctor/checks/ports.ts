/**
 * TCP ports that the roles listen on.
 * @module
 */
import type { Facts } from "../facts.ts";
import { fail, type Finding, ok } from "../finding.ts";

export function checkPorts(facts: Pick<Facts, "ports">): Finding[] {
  return facts.ports.map(({ port, use, state }) => {
    const what = `port ${port}`;
    if (state === "free") return ok(what, `free (${use})`);
    if (state === "ours") return ok(what, `a running Contiv answers (${use})`);
    return fail(
      what,
      `another program listens on it, and Contiv's ${use} is to`,
      `sudo ss -ltnp 'sport = :${port}'   # says which one; or give Contiv another: --external-address`,
    );
  });
}
