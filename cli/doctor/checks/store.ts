/**
 * Where state lives, a file or a cluster, and the clock that leases are counted by.
 * @module
 */
import type { ConsulSettings, EtcdSettings } from "../../roles/store_settings.ts";
import type { Facts } from "../facts.ts";
import { fail, type Finding, ok, warn } from "../finding.ts";

type ClusterSettings = EtcdSettings | ConsulSettings;

/** Below this, a host that fills its disk loses the ability to change anything soon. */
const LITTLE_SPACE = 100 * 1024 * 1024;
/** A clock before this was never set: 2025-01-01. */
const OLDEST_NOW = Date.UTC(2025, 0, 1);

export function checkStore(facts: Pick<Facts, "store" | "settings" | "now">): Finding[] {
  return [...file(facts), clock(facts.now)];
}

function file({ store, settings }: Pick<Facts, "store" | "settings">): Finding[] {
  if (settings.store.kind !== "embedded") return cluster(settings.store, store.members);
  if (store.path === undefined) return [];
  return [contents(store.path, store), space(store.freeBytes)];
}

/** etcd and Consul serve while more than half of their servers do. */
function cluster(settings: ClusterSettings, members: Facts["store"]["members"]): Finding[] {
  const { kind, endpoints, warnings } = settings;
  const files = warnings.map((warning) => warn("store", warning, warning.split(": ").at(-1)));
  if (!members || "error" in members) {
    const why = members?.error ?? "not asked";
    return [
      ...files,
      fail("store", `${kind} at ${endpoints.join(", ")} is away: ${why}`, remedy(kind)),
    ];
  }
  const healthy = members.value.filter((member) => member.healthy).length;
  const text = `${healthy} of ${members.value.length} servers of ${kind} serve`;
  const summary = healthy === members.value.length
    ? ok("store", text)
    : healthy > 0
    ? warn("store", text, remedy(kind))
    : fail("store", text, remedy(kind));
  return [
    ...files,
    summary,
    ...members.value.filter((member) => !member.healthy).map(({ endpoint, detail }) =>
      warn(
        "store server",
        `${endpoint} does not serve: ${detail ?? "it says not why"}`,
        remedy(kind),
      )
    ),
  ];
}

function remedy(kind: ClusterSettings["kind"]): string {
  return kind === "etcd" ? "etcdctl endpoint health --cluster" : "consul members";
}

function contents(path: string, { exists, tables }: Facts["store"]): Finding {
  if (!exists || !tables) return ok("store", `${path} is not there yet; \`contiv up\` makes it`);
  if ("error" in tables) {
    return fail(
      "store",
      `${path} cannot be opened: ${tables.error}`,
      `put a backup in its place, or begin anew: sudo mv ${path} ${path}.broken`,
    );
  }
  return tables.value > 0
    ? ok("store", `${path} opens`)
    : warn("store", `${path} is an empty database`, `sudo rm ${path}   # when nothing uses it`);
}

function space(freeBytes: Facts["store"]["freeBytes"]): Finding {
  if ("error" in freeBytes) return warn("disk space", `unknown: ${freeBytes.error}`);
  const text = `${Math.floor(freeBytes.value / 1024 / 1024)} MiB free for the store`;
  return freeBytes.value < LITTLE_SPACE
    ? warn("disk space", text, "df -h")
    : ok("disk space", text);
}

function clock(now: number): Finding {
  const time = new Date(now).toISOString();
  return now < OLDEST_NOW
    ? warn("clock", `${time} cannot be right`, "sudo timedatectl set-ntp true")
    : ok("clock", time);
}
