/**
 * The pipeline's tables: their numbers, order and names. Numbers have gaps so that a new table finds a place between two others;
 * a number once used never changes its meaning, because flows of two versions live side by side during an upgrade.
 * @module
 */
import type { Flow } from "./flow.ts";

/** In the order in which a packet may visit them: goto_table only goes to higher numbers. */
export const TABLES = {
  classify: 0,
  tunnel: 5,
  uplink: 7,
  spoof_guard: 10,
  arp_responder: 20,
  arp_reply: 22,
  nd_responder: 24,
  nd_reply: 26,
  gateway_echo: 30,
  host_dnat: 40,
  dns_access: 45,
  service_dnat: 50,
  conntrack: 60,
  source_group: 70,
  destination_group: 80,
  policy_egress: 90,
  policy_ingress: 100,
  l3_forward: 110,
  l2_forward: 120,
  host_snat: 130,
  qos: 140,
  output: 150,
} as const;

export type TableName = keyof typeof TABLES;

/** Names in packet order. */
export const TABLE_NAMES: readonly TableName[] = (Object.keys(TABLES) as TableName[])
  .sort((a, b) => TABLES[a] - TABLES[b]);

export function gotoTable(name: TableName): string {
  return `goto_table:${TABLES[name]}`;
}

/** What a table does with a packet that no other flow of it matches: on to `next`. */
export function missTo(table: TableName, next: TableName): Flow {
  return { table: TABLES[table], priority: 0, match: [], actions: [gotoTable(next)] };
}

/** What a table does with a packet that no other flow of it matches: nothing more. Present so that its counter tells of it. */
export function missDrop(table: TableName): Flow {
  return { table: TABLES[table], priority: 0, match: [], actions: [] };
}
