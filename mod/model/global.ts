/**
 * The cluster's settings: one object, whose key is `global`.
 * @module
 */
import { z } from "zod";
import { text } from "./field.ts";
import { oneOf, PRIVATE_SUBNET, VLAN_RANGE, VXLAN_RANGE } from "./grammar.ts";
import type { ObjectType } from "./object.ts";

export const GLOBAL = "global";

export const global: ObjectType = {
  type: "global",
  plural: "globals",
  keyFields: ["name"],
  fields: ["arpMode", "fwdMode", "name", "networkInfraType", "pvtSubnet", "vlans", "vxlans"],
  description: "Settings of the whole cluster. There is exactly one, named `global`.",
  schema: z.object({
    arpMode: text(
      "arpMode",
      64,
      oneOf("proxy", "flood", ""),
      "Whether ARP is answered by the switch (`proxy`) or flooded. Default: `proxy`.",
    ).optional(),
    fwdMode: text(
      "fwdMode",
      64,
      oneOf("bridge", "routing", ""),
      "Forwarding between hosts. It can change only while no network exists. Default: the master's `--fwdmode`.",
    ).optional(),
    name: text("name", 64, oneOf(GLOBAL), "Always `global`."),
    networkInfraType: text(
      "networkInfraType",
      64,
      oneOf("aci", "aci-opflex", "default", ""),
      "Kind of the physical network. Default: `default`.",
    ).optional(),
    pvtSubnet: text(
      "pvtSubnet",
      64,
      PRIVATE_SUBNET,
      "Host-private subnet, always a /16; it can change only while no network exists. Default at first start: 172.19.0.0/16.",
    ),
    vlans: text(
      "vlans",
      64,
      VLAN_RANGE,
      "Range of VLANs that networks may use. Default at first start: 1-4094.",
    ),
    vxlans: text(
      "vxlans",
      64,
      VXLAN_RANGE,
      "Range of VXLAN network identifiers that networks may use, at most 16001 of them. Default at first start: 1-10000.",
    ),
  }),
  operSchema: z.object({
    clusterMode: z.string().optional().meta({
      description: "`docker`, `kubernetes` or `swarm-mode`.",
    }),
    defaultNetwork: z.string().optional().meta({ description: "Kept for compatibility." }),
    freeVXLANsStart: z.int().optional().meta({
      description: "One less than the first VXLAN network identifier of the range.",
    }),
    numNetworks: z.int().optional().meta({ description: "Number of networks." }),
    vlansInUse: z.string().optional().meta({ description: "VLANs of networks, as `1-3, 10`." }),
    vxlansInUse: z.string().optional().meta({
      description: "VXLAN network identifiers of networks, as `1-3, 10`.",
    }),
  }),
};
