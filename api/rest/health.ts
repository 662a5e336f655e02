/**
 * `/healthz`: whether this master can do its work, for load balancers and people.
 * @module
 */
import { z } from "zod";
import { MASTER_CONFIG } from "../../mod/state/keys.ts";
import { registeredServices, type ServiceName } from "../../mod/state/registration.ts";
import type { Cache } from "../../mod/state/cache.ts";
import type { Store } from "../../mod/state/store.ts";
import type { MasterDependencies } from "./dependencies.ts";

const PROBE_DEADLINE_MS = 2_000;

const node = z.object({
  host: z.string().describe("Its label"),
  address: z.string(),
  version: z.string(),
});

export const healthDocument = z.object({
  ok: z.boolean(),
  store: z.object({
    ok: z.boolean(),
    description: z.string().describe("Which store; never credentials"),
    error: z.string().optional().describe("Why it is unavailable"),
    since: z.string().optional().describe("When it was lost, or first asked in vain: ISO 8601"),
    members: z.array(z.object({
      endpoint: z.string(),
      healthy: z.boolean(),
      detail: z.string().optional(),
    })).describe("Every server that is configured, and whether it serves"),
  }),
  cache: z.object({
    ok: z.boolean(),
    revision: z.number().int().optional().describe(
      "Revision of the store that reads are served at",
    ),
    error: z.string().optional(),
    unreadable: z.array(z.string()).optional().describe(
      "Records that are left aside because somebody else has broken them, and how to mend each",
    ),
  }),
  roles: z.array(z.string()).describe("What this process does"),
  nodes: z.object({ masters: z.array(node), agents: z.array(node) }).describe(
    "Which masters and agents run, or ran less than 10 s ago",
  ),
});

export type Health = z.infer<typeof healthDocument>;

export async function health(deps: MasterDependencies): Promise<Health> {
  const [store, members] = await Promise.all([storeHealth(deps), membersOf(deps.store)]);
  const cache = cacheHealth(deps.cache);
  return {
    ok: store.ok && cache.ok,
    store: { ...store, members },
    cache,
    roles: [...deps.roles],
    nodes: nodes(deps.cache),
  };
}

function nodes(cache: Cache): Health["nodes"] {
  const list = (service: ServiceName) =>
    cache.revision === 0
      ? []
      : registeredServices(cache.snapshot(), service).map(({ Hostname, HostAddr, Version }) => ({
        host: Hostname,
        address: HostAddr,
        version: Version,
      }));
  return { masters: list("netmaster"), agents: list("netplugin") };
}

async function storeHealth(
  { store, cache }: MasterDependencies,
): Promise<Omit<Health["store"], "members">> {
  const { description } = store;
  try {
    await store.get(MASTER_CONFIG, { signal: AbortSignal.timeout(PROBE_DEADLINE_MS) });
    return { ok: true, description };
  } catch (error) {
    const { status } = cache;
    const lost = status.state === "disconnected" ? status : undefined;
    return {
      ok: false,
      description,
      error: message(error),
      ...(lost?.since === undefined ? {} : { since: new Date(lost.since).toISOString() }),
    };
  }
}

async function membersOf(store: Store): Promise<Health["store"]["members"]> {
  try {
    return [...await store.health({ signal: AbortSignal.timeout(PROBE_DEADLINE_MS) })];
  } catch (error) {
    return [{ endpoint: store.description, healthy: false, detail: message(error) }];
  }
}

function cacheHealth({ status, revision, unreadable }: Cache): Health["cache"] {
  const broken = unreadable.map(({ message }) => message);
  return {
    ok: status.state === "synced",
    revision,
    ...(status.state === "synced" ? {} : { error: status.reason }),
    ...(broken.length > 0 ? { unreadable: broken } : {}),
  };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
