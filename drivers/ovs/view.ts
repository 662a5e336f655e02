/**
 * Reads the replica: our bridge, its ports, and where a name is in use. Pure. A row that has not changed gives the same view again, so that
 * a picture of a thousand ports costs little more than those that changed, and `===` tells that nothing did.
 * @module
 */
import {
  boolean,
  fromSet,
  integer,
  type Row,
  stringMap,
  strings,
  text,
  uuids,
} from "./ovsdb_data.ts";
import type { Replica } from "./replica.ts";

/** The external id by which we know our own; its value says what a port is for. */
export const OWNER = "contiv-owner";

export interface BridgeView {
  readonly uuid: string;
  readonly name: string;
  readonly ports: readonly string[];
  readonly failMode: string | undefined;
  readonly datapathType: string;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly otherConfig: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  readonly controllers: readonly string[];
}

export interface PortView {
  readonly uuid: string;
  readonly name: string;
  readonly externalIds: Readonly<Record<string, string>>;
  /** A bond has several: undefined then. */
  readonly interface: InterfaceView | undefined;
  readonly members: readonly InterfaceView[];
  readonly vlanMode: string | undefined;
  readonly tag: number | undefined;
  readonly trunks: readonly number[];
  readonly bondMode: string | undefined;
  readonly lacp: string | undefined;
  readonly otherConfig: Readonly<Record<string, string>>;
}

export interface InterfaceView {
  readonly uuid: string;
  readonly name: string;
  /** "" is "system". */
  readonly type: string;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly mac: string | undefined;
  readonly mtuRequest: number | undefined;
  readonly numberRequest: number | undefined;
  /** −1: could not be attached; undefined: not yet. */
  readonly number: number | undefined;
  readonly error: string | undefined;
  /** The kernel's number of the link; 0: the link is gone. Undefined: not told yet, or none. */
  readonly linkIndex: number | undefined;
  /** Whether it has a carrier. */
  readonly up: boolean | undefined;
  readonly lacpCurrent: boolean | undefined;
}

export interface RootView {
  readonly uuid: string;
  /** What ovs-vswitchd has put into force: the `next_cfg` that it saw. */
  readonly currentConfiguration: number;
  readonly datapathTypes: readonly string[];
}

export function root(replica: Replica): RootView | undefined {
  for (const [uuid, row] of replica.rows("Open_vSwitch")) {
    return {
      uuid,
      currentConfiguration: integer(row.cur_cfg) ?? 0,
      datapathTypes: strings(row.datapath_types),
    };
  }
  return undefined;
}

export function bridge(replica: Replica, name: string): BridgeView | undefined {
  for (const [uuid, row] of replica.rows("Bridge")) {
    if (text(row.name) === name) return remembered(bridges, row, () => bridgeView(uuid, name, row));
  }
  return undefined;
}

/** Rows are replaced, never changed, so a view may be kept for as long as its row. */
const bridges = new WeakMap<Row, BridgeView>();
const interfaces = new WeakMap<Row, InterfaceView>();
const ports = new WeakMap<Row, PortView>();

function remembered<T>(views: WeakMap<Row, T>, row: Row, make: () => T): T {
  let view = views.get(row);
  if (view === undefined) views.set(row, view = make());
  return view;
}

function bridgeView(uuid: string, name: string, row: Row): BridgeView {
  return {
    uuid,
    name,
    ports: uuids(row.ports),
    failMode: text(row.fail_mode),
    datapathType: text(row.datapath_type) || "system",
    externalIds: stringMap(row.external_ids),
    otherConfig: stringMap(row.other_config),
    protocols: strings(row.protocols),
    controllers: uuids(row.controller),
  };
}

export function port(replica: Replica, uuid: string): PortView | undefined {
  const row = replica.row("Port", uuid);
  if (!row) return undefined;
  const members = uuids(row.interfaces).map((id) => interfaceOf(replica, id))
    .filter((member) => member !== undefined);
  const known = ports.get(row);
  const same = known?.members.length === members.length &&
    known.members.every((member, at) => member === members[at]);
  if (known && same) return known;
  const view = portView(uuid, row, members);
  ports.set(row, view);
  return view;
}

function portView(uuid: string, row: Row, members: readonly InterfaceView[]): PortView {
  return {
    uuid,
    name: text(row.name) ?? "",
    externalIds: stringMap(row.external_ids),
    interface: members.length === 1 ? members[0] : undefined,
    members,
    vlanMode: text(row.vlan_mode),
    tag: integer(row.tag),
    trunks: fromSet(row.trunks).filter((trunk) => typeof trunk === "number"),
    bondMode: text(row.bond_mode),
    lacp: text(row.lacp),
    otherConfig: stringMap(row.other_config),
  };
}

/** The ports of a bridge by name, its own local port (named as the bridge) included. */
export function portsOf(replica: Replica, of: BridgeView): ReadonlyMap<string, PortView> {
  const found = new Map<string, PortView>();
  for (const uuid of of.ports) {
    const view = port(replica, uuid);
    if (view) found.set(view.name, view);
  }
  return found;
}

/** Name of the bridge that holds the port or the link `name`, of whichever owner. */
export function bridgeWithPort(replica: Replica, name: string): string | undefined {
  for (const row of replica.rows("Bridge").values()) {
    const holds = uuids(row.ports).map((id) => port(replica, id))
      .some((view) => view?.name === name || view?.members.some((member) => member.name === name));
    if (holds) return text(row.name);
  }
  return undefined;
}

function interfaceOf(replica: Replica, uuid: string | undefined): InterfaceView | undefined {
  const row = replica.row("Interface", uuid);
  if (!row || uuid === undefined) return undefined;
  return remembered(interfaces, row, () => interfaceView(uuid, row));
}

function interfaceView(uuid: string, row: Row): InterfaceView {
  return {
    uuid,
    name: text(row.name) ?? "",
    type: text(row.type) || "system",
    externalIds: stringMap(row.external_ids),
    options: stringMap(row.options),
    mac: text(row.mac),
    mtuRequest: integer(row.mtu_request),
    numberRequest: integer(row.ofport_request),
    number: integer(row.ofport),
    error: text(row.error),
    linkIndex: integer(row.ifindex),
    up: upOf(text(row.link_state)),
    lacpCurrent: boolean(row.lacp_current),
  };
}

function upOf(state: string | undefined): boolean | undefined {
  return state === undefined ? undefined : state === "up";
}
