/**
 * From the ports wanted and unwanted to the operations of one transaction, and what takes them back. Pure.
 * @module
 */
import { type PortSpec, SwitchError } from "../../mod/agent/switch.ts";
import {
  type NamedUuid,
  type Operation,
  toMap,
  toSet,
  type Uuid,
  uuidIs,
  type Value,
} from "./ovsdb_data.ts";
import { portColumns, presentColumns } from "./port_columns.ts";
import { memberOf, membersOf } from "./port_members.ts";
import type { Replica } from "./replica.ts";
import {
  type BridgeView,
  bridgeWithPort,
  type InterfaceView,
  OWNER,
  portsOf,
  type PortView,
} from "./view.ts";

export interface PortPlan {
  readonly operations: readonly Operation[];
  /** Names of the ports that `operations` adds. */
  readonly inserted: readonly string[];
  /** Gives the ports that `operations` changes their present columns again. */
  readonly restore: readonly Operation[];
}

/** Throws SwitchError "port-refused" when a name or number belongs to somebody else. */
export function planPorts(
  replica: Replica,
  bridge: BridgeView,
  add: readonly PortSpec[],
  remove: readonly string[],
): PortPlan {
  const present = portsOf(replica, bridge);
  const leaving = remove.map((name) => present.get(name)).filter((port) => port !== undefined);
  for (const port of leaving) refuseForeign(port, bridge);
  refuseTakenNumbers(present, bridge, add, new Set(remove));
  const inserted: PortSpec[] = [];
  const changes: Operation[] = [];
  const restore: Operation[] = [];
  for (const spec of add) {
    const port = present.get(spec.name);
    if (!port) {
      const freed = new Set(leaving.flatMap(({ members }) => members.map(({ name }) => name)));
      for (const { name } of membersOf(spec)) if (!freed.has(name)) refuseElsewhere(replica, name);
      inserted.push(spec);
      continue;
    }
    refuseForeign(port, bridge);
    const change = portChange(port, spec);
    changes.push(...change.operations);
    restore.push(...change.restore);
  }
  return {
    operations: [...insertions(bridge, inserted), ...changes, ...removals(bridge, leaving)],
    inserted: inserted.map((spec) => spec.name),
    restore,
  };
}

/** Takes ports away by name, whatever they are; rows that nothing refers to any more are the database's to collect. */
export function removals(bridge: BridgeView, ports: readonly PortView[]): readonly Operation[] {
  if (ports.length === 0) return [];
  const gone = toSet(ports.map((port) => ["uuid", port.uuid] as const));
  return [{
    op: "mutate",
    table: "Bridge",
    where: uuidIs(bridge.uuid),
    mutations: [["ports", "delete", gone]],
  }];
}

function insertions(bridge: BridgeView, specs: readonly PortSpec[]): readonly Operation[] {
  if (specs.length === 0) return [];
  const rows = specs.flatMap((spec): Operation[] => [
    ...membersOf(spec).map(interfaceInsertion),
    {
      op: "insert",
      table: "Port",
      "uuid-name": rowName("port", spec),
      row: {
        name: spec.name,
        interfaces: toSet(membersOf(spec).map((it) => ["named-uuid", rowName("interface", it)])),
        external_ids: toMap(spec.externalIds),
        ...portColumns(spec),
      },
    },
  ]);
  const ports = toSet(specs.map((spec) => ["named-uuid", rowName("port", spec)] as const));
  return [...rows, {
    op: "mutate",
    table: "Bridge",
    where: uuidIs(bridge.uuid),
    mutations: [["ports", "insert", ports]],
  }];
}

function interfaceInsertion(spec: PortSpec): Operation {
  return {
    op: "insert",
    table: "Interface",
    "uuid-name": rowName("interface", spec),
    row: { name: spec.name, ...interfaceColumns(spec) },
  };
}

/** Unique within a transaction that joins several calls: an RFC 7047 `<id>` made of the port's name, which is unique. */
function rowName(kind: string, { name }: PortSpec): string {
  const safe = Array.from(new TextEncoder().encode(name), (byte) => byte.toString(16));
  return `${kind}_${safe.join("")}`;
}

function interfaceColumns(spec: PortSpec): Record<string, Value> {
  return {
    type: spec.type === "system" ? "" : spec.type,
    ofport_request: spec.number,
    external_ids: toMap(spec.externalIds),
    ...(spec.mac === undefined ? {} : { mac: spec.mac }),
    ...(spec.mtu === undefined ? {} : { mtu_request: spec.mtu }),
    ...(spec.options === undefined ? {} : { options: toMap(spec.options) }),
  };
}

/** Corrects a port in place: its traffic goes on unless its number or type changes. External ids of others stay. */
function portChange(
  port: PortView,
  spec: PortSpec,
): { operations: readonly Operation[]; restore: readonly Operation[] } {
  const wanted = membersOf(spec);
  const missing = wanted.filter((it) => !memberOf(port, it));
  const links = wanted.map((it) => memberChange(memberOf(port, it), it));
  const sameMembers = missing.length === 0 && port.members.length === wanted.length;
  const portRow: Record<string, Value> = {
    ...(includes(port.externalIds, spec.externalIds)
      ? {}
      : { external_ids: toMap({ ...port.externalIds, ...spec.externalIds }) }),
    ...(sameMembers ? {} : { interfaces: toSet(wanted.map((it) => rowOf(port, it))) }),
    ...portColumns(spec, port),
  };
  const before = { external_ids: toMap(port.externalIds), ...presentColumns(port) };
  return {
    operations: [
      ...missing.map(interfaceInsertion),
      ...update("Port", port.uuid, portRow),
      ...links.flatMap(({ operations }) => operations),
    ],
    // A bond keeps its new members: the rows of those that left are gone.
    restore: [
      ...update("Port", port.uuid, pick(portRow, before)),
      ...links.flatMap(({ restore }) => restore),
    ],
  };
}

function rowOf(port: PortView, spec: PortSpec): Uuid | NamedUuid {
  const present = memberOf(port, spec);
  return present ? ["uuid", present.uuid] : ["named-uuid", rowName("interface", spec)];
}

function memberChange(
  link: InterfaceView | undefined,
  spec: PortSpec,
): { operations: readonly Operation[]; restore: readonly Operation[] } {
  if (!link || isRight(link, spec)) return { operations: [], restore: [] };
  const row = {
    ...interfaceColumns(spec),
    external_ids: toMap({ ...link.externalIds, ...spec.externalIds }),
  };
  return {
    operations: update("Interface", link.uuid, row),
    restore: update("Interface", link.uuid, pick(row, columnsOf(link))),
  };
}

function update(
  table: string,
  uuid: string,
  row: Readonly<Record<string, Value>>,
): readonly Operation[] {
  return Object.keys(row).length ? [{ op: "update", table, where: uuidIs(uuid), row }] : [];
}

/** The columns of `from` that `changed` has too. */
function pick(
  changed: Readonly<Record<string, Value>>,
  from: Readonly<Record<string, Value>>,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(from).filter(([column]) => column in changed));
}

function columnsOf(link: InterfaceView): Record<string, Value> {
  return {
    type: link.type === "system" ? "" : link.type,
    ofport_request: link.numberRequest ?? toSet([]),
    external_ids: toMap(link.externalIds),
    mac: link.mac ?? toSet([]),
    mtu_request: link.mtuRequest ?? toSet([]),
    options: toMap(link.options),
  };
}

function isRight(link: InterfaceView, spec: PortSpec): boolean {
  return link.type === spec.type &&
    link.numberRequest === spec.number &&
    (spec.mac === undefined || link.mac === spec.mac) &&
    (spec.mtu === undefined || link.mtuRequest === spec.mtu) &&
    (spec.options === undefined ||
      includes(link.options, spec.options) && includes(spec.options, link.options)) &&
    includes(link.externalIds, spec.externalIds);
}

function includes(
  all: Readonly<Record<string, string>>,
  some: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(some).every(([key, value]) => all[key] === value);
}

function refuseForeign(port: PortView, bridge: BridgeView): void {
  if (port.externalIds[OWNER] !== undefined && port.name !== bridge.name) return;
  throw refused(
    port.name,
    `${bridge.name} has a port of that name that is not Contiv's`,
    port.name,
  );
}

function refuseElsewhere(replica: Replica, name: string): void {
  const holder = bridgeWithPort(replica, name);
  if (holder !== undefined) throw refused(name, `it is a port of bridge ${holder}`, name);
}

/** A number that another port asked for is its own; one that was merely given to it, Open vSwitch gives up for us. */
function refuseTakenNumbers(
  present: ReadonlyMap<string, PortView>,
  bridge: BridgeView,
  add: readonly PortSpec[],
  leaving: ReadonlySet<string>,
): void {
  const names = new Set(add.map((spec) => spec.name));
  const holders = new Map<number, string>();
  for (const port of present.values()) {
    if (leaving.has(port.name) || names.has(port.name)) continue;
    for (const { numberRequest } of port.members) {
      if (numberRequest !== undefined) holders.set(numberRequest, port.name);
    }
  }
  for (const spec of add.flatMap(membersOf)) {
    const holder = holders.get(spec.number);
    if (holder !== undefined) {
      const why = `number ${spec.number} of ${bridge.name} is taken by ${holder}`;
      throw refused(spec.name, why, holder);
    }
    holders.set(spec.number, spec.name);
  }
}

function refused(name: string, why: string, inTheWay: string): SwitchError {
  return new SwitchError(
    "port-refused",
    `cannot attach port ${name}: ${why}; to make room: ovs-vsctl del-port ${inTheWay}`,
  );
}
