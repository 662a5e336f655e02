/**
 * What makes the integration bridge right: the operations that create it or correct what differs, and whether a bridge of its name
 * may be taken over at all. Pure.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";
import { type Operation, toMap, toSet, uuidIs, type Value } from "./ovsdb_data.ts";
import { portColumns } from "./port_columns.ts";
import type { Replica } from "./replica.ts";
import { bridge as findBridge, type BridgeView, bridgeWithPort, OWNER, portsOf } from "./view.ts";
import { root as findRoot } from "./view.ts";

/** 1.5 is what we speak, the others are for an operator's own ovs-ofctl. */
const PROTOCOLS = [
  "OpenFlow10",
  "OpenFlow11",
  "OpenFlow12",
  "OpenFlow13",
  "OpenFlow14",
  "OpenFlow15",
] as const;
const OWNER_VALUE = "contiv";
/** The bridge's own port is the host's, and no VLAN may be flooded to the host. */
const LOCAL_PORT = { vlan: "none" } as const;
/** Which of all hosts this bridge makes it: random, as long as the bridge lives. */
export const IDENTITY = "contiv-host-identity";

export type Datapath = "system" | "netdev";

/** Nothing to do: an empty list. A bridge that has an identity keeps it; `identity` is for one that has none. Throws SwitchError when the name belongs to somebody else. */
export function bridgeOperations(
  replica: Replica,
  name: string,
  datapath: Datapath,
  identity: string,
): readonly Operation[] {
  const existing = findBridge(replica, name);
  if (existing) return corrections(replica, existing, identity);
  const holder = bridgeWithPort(replica, name);
  if (holder !== undefined) {
    throw new SwitchError(
      "unavailable",
      `cannot create bridge ${name}: bridge ${holder} has a port of that name; ` +
        `try: ovs-vsctl del-port ${holder} ${name}`,
    );
  }
  return creation(replica, name, datapath, identity);
}

function creation(
  replica: Replica,
  name: string,
  datapath: Datapath,
  identity: string,
): readonly Operation[] {
  const owner = toMap({ [OWNER]: OWNER_VALUE, [IDENTITY]: identity });
  const rows: Operation[] = [
    {
      op: "insert",
      table: "Interface",
      "uuid-name": "local_interface",
      row: { name, type: "internal" },
    },
    {
      op: "insert",
      table: "Port",
      "uuid-name": "local_port",
      row: { name, interfaces: ["named-uuid", "local_interface"], ...portColumns(LOCAL_PORT) },
    },
    {
      op: "insert",
      table: "Bridge",
      "uuid-name": "bridge",
      row: {
        name,
        datapath_type: datapath,
        fail_mode: "secure",
        protocols: toSet(PROTOCOLS),
        external_ids: owner,
        other_config: toMap({ "disable-in-band": "true" }),
        ports: ["named-uuid", "local_port"],
      },
    },
  ];
  const root = findRoot(replica);
  const bridges: Value = ["named-uuid", "bridge"];
  return root
    ? [...rows, {
      op: "mutate",
      table: "Open_vSwitch",
      where: uuidIs(root.uuid),
      mutations: [["bridges", "insert", bridges]],
    }]
    // A database that nobody has initialised yet has no root row.
    : [...rows, { op: "insert", table: "Open_vSwitch", row: { bridges } }];
}

function corrections(
  replica: Replica,
  bridge: BridgeView,
  identity: string,
): readonly Operation[] {
  if (bridge.externalIds[OWNER] === undefined) refuseForeign(replica, bridge);
  const row: Record<string, Value> = {};
  if (bridge.failMode !== "secure") row.fail_mode = "secure";
  if (bridge.controllers.length > 0) row.controller = toSet([]);
  const protocols = new Set(bridge.protocols);
  if (!PROTOCOLS.every((protocol) => protocols.has(protocol))) row.protocols = toSet(PROTOCOLS);
  if (bridge.externalIds[OWNER] === undefined || bridge.externalIds[IDENTITY] === undefined) {
    row.external_ids = toMap({
      [IDENTITY]: identity,
      ...bridge.externalIds,
      [OWNER]: OWNER_VALUE,
    });
  }
  if (bridge.otherConfig["disable-in-band"] !== "true") {
    row.other_config = toMap({ ...bridge.otherConfig, "disable-in-band": "true" });
  }
  return [
    ...(Object.keys(row).length === 0
      ? []
      : [{ op: "update", table: "Bridge", where: uuidIs(bridge.uuid), row } as const]),
    ...localPortCorrections(replica, bridge),
  ];
}

function localPortCorrections(replica: Replica, bridge: BridgeView): readonly Operation[] {
  const local = portsOf(replica, bridge).get(bridge.name);
  const row = local ? portColumns(LOCAL_PORT, local) : {};
  if (!local || Object.keys(row).length === 0) return [];
  return [{ op: "update", table: "Port", where: uuidIs(local.uuid), row }];
}

function refuseForeign(replica: Replica, bridge: BridgeView): void {
  for (const port of portsOf(replica, bridge).values()) {
    if (port.name === bridge.name || port.externalIds[OWNER] !== undefined) continue;
    throw new SwitchError(
      "unavailable",
      `bridge ${bridge.name} was not made by Contiv and holds the port ${port.name}; ` +
        `remove the bridge (ovs-vsctl del-br ${bridge.name}), or hand it over: ` +
        `ovs-vsctl br-set-external-id ${bridge.name} ${OWNER} ${OWNER_VALUE}`,
    );
  }
}
