/**
 * The columns of a Port row that say what VLANs it is in and how its links share the load (ovs-vswitchd.conf.db(5), "VLAN Configuration",
 * "Bonding Configuration"). Pure.
 * @module
 */
import type { BondSpec, PortSpec } from "../../mod/agent/switch.ts";
import { toMap, toSet, type Value } from "./ovsdb_data.ts";
import type { PortView } from "./view.ts";

/** A VLAN id that no frame has (IEEE 802.1Q, 9.6): a trunk of it alone is in no VLAN, untagged frames' included. */
const RESERVED_VLAN = 4095;
/** Bonds for LACP work as active-backup until the other side speaks it, as the original's did. */
const FALLBACK = "lacp-fallback-ab";

/** What has to be written; empty when the port is right. */
export function portColumns(
  spec: Pick<PortSpec, "vlan" | "bond">,
  port?: PortView,
): Record<string, Value> {
  return { ...vlanColumns(spec.vlan, port), ...bondColumns(spec.bond, port) };
}

/** The present values of the columns that portColumns writes. */
export function presentColumns(port: PortView): Record<string, Value> {
  return {
    vlan_mode: port.vlanMode ?? toSet([]),
    tag: port.tag ?? toSet([]),
    trunks: toSet(port.trunks),
    bond_mode: port.bondMode ?? toSet([]),
    lacp: port.lacp ?? toSet([]),
    other_config: toMap(port.otherConfig),
  };
}

/** As in PortSpec; undefined when it is none of these. */
export function vlanOf(port: PortView): PortSpec["vlan"] {
  const candidates = ["none", "all", ...(port.tag === undefined ? [] : [port.tag])] as const;
  return candidates.find((vlan) => Object.keys(vlanColumns(vlan, port)).length === 0);
}

function vlanColumns(vlan: PortSpec["vlan"], port?: PortView): Record<string, Value> {
  if (vlan === undefined) return {};
  const mode = typeof vlan === "number" ? "access" : "trunk";
  const tag = typeof vlan === "number" ? vlan : undefined;
  const trunks = vlan === "none" ? [RESERVED_VLAN] : [];
  const right = port?.vlanMode === mode && port.tag === tag && port.trunks.join() === trunks.join();
  return right ? {} : { vlan_mode: mode, tag: tag ?? toSet([]), trunks: toSet(trunks) };
}

function bondColumns(bond: BondSpec | undefined, port?: PortView): Record<string, Value> {
  if (!bond) return {};
  const right = port?.bondMode === bond.mode && port.lacp === bond.lacp &&
    port.otherConfig[FALLBACK] === "true";
  return right ? {} : {
    bond_mode: bond.mode,
    lacp: bond.lacp,
    other_config: toMap({ ...port?.otherConfig, [FALLBACK]: "true" }),
  };
}
