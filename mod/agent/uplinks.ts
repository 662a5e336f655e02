/**
 * The links to the physical switches that carry VLAN networks: one is a port under its own name, several are one bond. Says what port they
 * make, what forbids to take a link, and how they fare. Pure.
 *
 * A link that is taken has no use of its own any more: the host would lose the addresses on it. So one that has any is refused.
 * @module
 */
import { CLUSTER_ID } from "./cluster_guard.ts";
import type { HostFacts } from "./host_facts.ts";
import type { LinkUse } from "./kernel.ts";
import type { BondSpec, PortMember, PortSpec, PortState } from "./switch.ts";

export const BOND_NAME = "uplinkPort";
export const UPLINK_OWNER = "uplink";
/** OpenFlow ports of the links, from here on in the order given, beside contivh0's and the tunnel's. */
const FIRST_NUMBER = 65010;
export const MOST_UPLINKS = 8;

export interface Uplinks {
  /** Names of links of the host, each once; none: VLAN networks stay on the host. */
  readonly links: readonly string[];
  /** How several share the load; "balance-tcp" speaks LACP with the switch at the other end. */
  readonly bondMode: BondSpec["mode"];
}

export function uplinkNumbers({ links }: Uplinks): readonly number[] {
  return links.map((_, index) => FIRST_NUMBER + index);
}

/** Undefined without links. */
export function uplinkPort({ uplinks, cluster }: HostFacts): PortSpec | undefined {
  const [first] = uplinks?.links ?? [];
  if (!uplinks || first === undefined) return undefined;
  const bonded = uplinks.links.length > 1;
  const members = uplinks.links.map((name, index) => ({ name, number: FIRST_NUMBER + index }));
  const { bondMode: mode } = uplinks;
  return {
    name: bonded ? BOND_NAME : first,
    type: "system",
    number: FIRST_NUMBER,
    externalIds: {
      "contiv-owner": UPLINK_OWNER,
      "endpoint-id": BOND_NAME,
      [CLUSTER_ID]: cluster,
    },
    vlan: "all",
    ...(bonded ? { bond: { members, mode, lacp: mode === "balance-tcp" ? "active" : "off" } } : {}),
  };
}

export function linksOf({ name, bond }: PortSpec): readonly string[] {
  return bond ? bond.members.map((member) => member.name) : [name];
}

/** Why one of the links cannot be an uplink, and what to do; undefined: nothing is known to forbid it. */
export function uplinkHindrance(uses: readonly LinkUse[]): string | undefined {
  const used = uses.find(({ addresses, master }) => addresses.length > 0 || master !== undefined);
  if (!used) return undefined;
  const { name, addresses, master } = used;
  const words = `${name} is not taken as an uplink, because `;
  return addresses.length > 0
    ? `${words}it has the address ${
      addresses.join(" and ")
    }, which the host would lose: name another link (--vlan-uplinks), or move the ` +
      `address to another one first (\`ip address del ${
        addresses[0]
      } dev ${name}\`, from the console)`
    : `${words}it belongs to ${master}: take it out first (\`ip link set ${name} nomaster\`), or name another link (--vlan-uplinks)`;
}

/** In routing mode VLANs reach nothing but this host. */
export const ROUTED_VLANS =
  "VLAN networks reach no other host in routing mode: create them anew with --encap=vxlan, or change the cluster to bridge mode " +
  "(`contiv ctl global set --fwd-mode bridge`)";

/** What an operator wants to know of the uplinks in bridge mode; undefined: they are as wanted. */
export function uplinkTrouble(
  wanted: PortSpec | undefined,
  state: PortState | undefined,
  hasVlans: boolean,
): string | undefined {
  if (!wanted) {
    return hasVlans
      ? "VLAN networks have no uplink on this host, so that their containers here reach only each other: name the network cards that " +
        "lead to the physical switches (--vlan-uplinks)"
      : undefined;
  }
  const members = state?.members ?? [];
  const down = members.filter((member) => !isWorking(member)).map(saysOf);
  if (down.length === 0) return undefined;
  return `Uplink ${wanted.name}: ${down.join("; ")}` +
    (down.length === members.length ? ": VLAN networks stay on this host" : "");
}

/** Number of links that carry something. */
export function workingUplinks(state: PortState | undefined): number {
  return (state?.members ?? []).filter(isWorking).length;
}

function isWorking({ number, up, error }: PortMember): boolean {
  return number !== undefined && up !== false && error === undefined;
}

function saysOf({ name, error }: PortMember): string {
  return error === undefined ? `${name} is down` : `${name}: ${error}`;
}
