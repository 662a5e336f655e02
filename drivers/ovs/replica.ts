/**
 * What we follow of the Open_vSwitch database, in memory, as the monitor reports it (RFC 7047 §4.1.5–4.1.6). Rows keep the form
 * that the database gave them; `view.ts` reads them.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";
import type { Row } from "./ovsdb_data.ts";

export const MONITORED = {
  Open_vSwitch: ["bridges", "cur_cfg", "datapath_types"],
  Bridge: [
    "name",
    "ports",
    "fail_mode",
    "datapath_type",
    "external_ids",
    "other_config",
    "protocols",
    "controller",
  ],
  Port: [
    "name",
    "interfaces",
    "external_ids",
    "vlan_mode",
    "tag",
    "trunks",
    "bond_mode",
    "lacp",
    "other_config",
  ],
  Interface: [
    "name",
    "type",
    "ofport",
    "ofport_request",
    "external_ids",
    "options",
    "error",
    "ifindex",
    "mac",
    "mtu_request",
    "link_state",
    "lacp_current",
  ],
} as const;

export type Table = keyof typeof MONITORED;
export type Rows = ReadonlyMap<string, Row>;

export class Replica {
  readonly #tables: Record<Table, Map<string, Row>> = {
    Open_vSwitch: new Map(),
    Bridge: new Map(),
    Port: new Map(),
    Interface: new Map(),
  };

  /** By uuid. */
  rows(table: Table): Rows {
    return this.#tables[table];
  }

  row(table: Table, uuid: string | undefined): Row | undefined {
    return uuid === undefined ? undefined : this.#tables[table].get(uuid);
  }

  /**
   * Takes in `<table-updates>`. A changed row comes with all monitored columns (`new`), a deleted one with `old` only.
   * Throws SwitchError "protocol".
   */
  apply(updates: unknown): void {
    if (!isObject(updates)) throw malformed();
    for (const [table, rows] of Object.entries(updates)) {
      if (!isTable(table) || !isObject(rows)) throw malformed();
      for (const [uuid, update] of Object.entries(rows)) {
        if (!isObject(update)) throw malformed();
        if (isObject(update.new)) this.#tables[table].set(uuid, update.new);
        else this.#tables[table].delete(uuid);
      }
    }
  }
}

function isTable(name: string): name is Table {
  return Object.hasOwn(MONITORED, name);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(): SwitchError {
  return new SwitchError("protocol", "ovsdb-server sent a malformed monitor update");
}
