/**
 * The host's resolvers, as /etc/resolv.conf names them: read again when it has changed, at most once a second.
 * @module
 */
import { nameServers } from "../../mod/dns/resolver_configuration.ts";
import type { Resolver } from "./forwarder.ts";

const PORT = 53;
const LOOK_AGAIN_MS = 1_000;

/** `own`: addresses that this server listens on, which are never asked. `now`: milliseconds of any clock that does not go back. */
export function resolverFile(
  path: string,
  own: () => ReadonlySet<string>,
  now: () => number,
): () => readonly Resolver[] {
  let looked = -Infinity;
  let resolvers: readonly Resolver[] = [];
  return () => {
    if (now() - looked < LOOK_AGAIN_MS) return resolvers;
    looked = now();
    resolvers = nameServers(textOf(path), own()).map((address) => ({ address, port: PORT }));
    return resolvers;
  };
}

/** A host without the file has no resolvers. */
function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
