/**
 * Networks: a subnet and the tag that carries it.
 * @module
 */
import { z } from "zod";
import { parseAddress } from "../net/address.ts";
import { parsePrefix } from "../net/prefix.ts";
import { endpointOperSchema } from "./endpoint.ts";
import { integer, text } from "./field.ts";
import {
  IPV4_OR_EMPTY,
  IPV4_SUBNET,
  IPV6_OR_EMPTY,
  IPV6_SUBNET_OR_EMPTY,
  NAME,
  NAME_OR_EMPTY,
  oneOf,
} from "./grammar.ts";
import type { ObjectType } from "./object.ts";

export const networkOperSchema: z.ZodObject = z.object({
  allocatedAddressesCount: z.int().optional().meta({
    description: "IPv4 addresses held by endpoints or by Docker.",
  }),
  allocatedIPAddresses: z.string().optional().meta({
    description:
      "IPv4 addresses that cannot be handed out: held ones, the gateway and group pools, as `first-last, single`.",
  }),
  availableIPAddresses: z.string().optional().meta({
    description: "IPv4 addresses that can be handed out, as `first-last, single`.",
  }),
  endpoints: z.array(endpointOperSchema).optional().meta({ description: "Its endpoints." }),
  externalPktTag: z.int().optional().meta({ description: "VXLAN network identifier." }),
  networkTag: z.string().optional().meta({ description: "Name for Docker's `contiv-tag` option." }),
  numEndpoints: z.int().optional().meta({ description: "Number of endpoints." }),
  pktTag: z.int().optional().meta({ description: "VLAN, or the local VLAN of a vxlan network." }),
});

export const network: ObjectType = {
  type: "network",
  plural: "networks",
  keyFields: ["tenantName", "networkName"],
  fields: [
    "cfgdTag",
    "encap",
    "gateway",
    "ipv6Gateway",
    "ipv6Subnet",
    "networkName",
    "nwType",
    "pktTag",
    "subnet",
    "tenantName",
  ],
  linkSets: ["EndpointGroups", "Servicelbs", "Services"],
  links: ["Tenant"],
  description:
    "A network gives addresses of one IPv4 subnet, and of one IPv6 subnet if it has one. It cannot be changed, only deleted and created again.",
  schema: z.object({
    cfgdTag: text(
      "cfgdTag",
      128,
      NAME_OR_EMPTY,
      "Name for Docker's `contiv-tag` option. Default: `<network>.<tenant>`.",
    ).optional(),
    encap: text("encap", 64, oneOf("vlan", "vxlan"), "How packets between hosts are tagged."),
    gateway: text(
      "gateway",
      15,
      IPV4_OR_EMPTY,
      "IPv4 address of the gateway, within the subnet. Default: none, and so no way out of the network.",
    ).optional(),
    ipv6Gateway: text("ipv6Gateway", 64, IPV6_OR_EMPTY, "IPv6 address of the gateway.")
      .refine((it) => it === "" || parseAddress(it) !== undefined, {
        error: "ipv6Gateway string invalid format",
      }).optional(),
    ipv6Subnet: text(
      "ipv6Subnet",
      64,
      IPV6_SUBNET_OR_EMPTY,
      "IPv6 subnet, `address/length` with a length of 1 to 127. Default: none.",
    ).refine((it) => it === "" || parsePrefix(it) !== undefined, {
      error: "ipv6Subnet string invalid format",
    }).optional(),
    networkName: text("networkName", 64, NAME, "Name of the network, unique in its tenant."),
    nwType: text(
      "nwType",
      64,
      oneOf("data", "infra", ""),
      "`data` carries containers; `infra` gives every host an address. Default: `data`.",
    ).optional(),
    pktTag: integer(
      "pktTag",
      0,
      16777216,
      "VLAN (1–4094) or VXLAN network identifier, within the range that `global` allows. Default: the lowest free one.",
    ).optional(),
    subnet: text(
      "subnet",
      64,
      IPV4_SUBNET,
      "IPv4 subnet, `address/length` (8 to 31), or the part of it to hand out, `first-last/length`.",
    ),
    tenantName: text("tenantName", 64, NAME, "Tenant that the network belongs to."),
  }),
  operSchema: networkOperSchema,
};
