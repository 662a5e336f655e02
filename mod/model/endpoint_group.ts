/**
 * Endpoint groups: the endpoints of a network that share policy.
 * @module
 */
import { z } from "zod";
import { endpointOperSchema } from "./endpoint.ts";
import { freeText, names, text } from "./field.ts";
import { IPV4_POOL_OR_EMPTY, NAME, NAME_OR_EMPTY } from "./grammar.ts";
import type { ObjectType } from "./object.ts";

export const groupOperSchema: z.ZodObject = z.object({
  allocatedIPAddresses: z.string().optional().meta({
    description: "Addresses of its pool that are held, as `first-last, single`.",
  }),
  availableIPAddresses: z.string().optional().meta({
    description: "Addresses of its pool that can be handed out, as `first-last, single`.",
  }),
  endpoints: z.array(endpointOperSchema).optional().meta({ description: "Its endpoints." }),
  externalPktTag: z.int().optional().meta({ description: "VXLAN network identifier." }),
  groupTag: z.string().optional().meta({ description: "Name for Docker's `contiv-tag` option." }),
  numEndpoints: z.int().optional().meta({ description: "Number of endpoints." }),
  pktTag: z.int().optional().meta({ description: "VLAN, or the local VLAN of a vxlan network." }),
});

export const endpointGroup: ObjectType = {
  type: "endpointGroup",
  plural: "endpointGroups",
  keyFields: ["tenantName", "groupName"],
  fields: [
    "cfgdTag",
    "extContractsGrps",
    "groupName",
    "ipPool",
    "netProfile",
    "networkName",
    "policies",
    "tenantName",
  ],
  linkSets: ["ExtContractsGrps", "MatchRules", "Policies", "Services"],
  links: ["AppProfile", "NetProfile", "Network", "Tenant"],
  description:
    "A group is a set of endpoints of one network to which policies, a network profile and contracts apply.",
  schema: z.object({
    cfgdTag: text(
      "cfgdTag",
      128,
      NAME_OR_EMPTY,
      "Name for Docker's `contiv-tag` option. Default: `<group>.<tenant>`.",
    ).optional(),
    extContractsGrps: names("extContractsGrps", "External contract groups that apply to it.")
      .optional(),
    groupName: text("groupName", 64, NAME, "Name of the group, unique in its tenant."),
    ipPool: text(
      "ipPool",
      64,
      IPV4_POOL_OR_EMPTY,
      "Addresses of the network that only this group's endpoints get: `first-last`, or one address. Default: none.",
    ).optional(),
    netProfile: freeText("netProfile", 64, "Network profile (bandwidth, DSCP). Default: none.")
      .optional(),
    networkName: text("networkName", 64, NAME, "Network of its endpoints; it cannot be changed."),
    policies: names("policies", "Policies that apply to its endpoints.").optional(),
    tenantName: text("tenantName", 64, NAME, "Tenant that the group belongs to."),
  }),
  operSchema: groupOperSchema,
};
