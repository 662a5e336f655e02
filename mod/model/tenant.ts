/**
 * Tenants: a name space of networks and groups, and one routing domain (VRF).
 * @module
 */
import { z } from "zod";
import { text } from "./field.ts";
import { NAME, NAME_OR_EMPTY } from "./grammar.ts";
import { groupOperSchema } from "./endpoint_group.ts";
import { networkOperSchema } from "./network.ts";
import type { ObjectType } from "./object.ts";

const count = (what: string) => z.int().optional().meta({ description: `Number of ${what}.` });

export const tenant: ObjectType = {
  type: "tenant",
  plural: "tenants",
  keyFields: ["tenantName"],
  fields: ["defaultNetwork", "tenantName"],
  linkSets: [
    "AppProfiles",
    "EndpointGroups",
    "NetProfiles",
    "Networks",
    "Policies",
    "Servicelbs",
    "VolumeProfiles",
    "Volumes",
  ],
  description:
    "A tenant has its own networks, groups and policies, and its own routing domain: addresses of two tenants may overlap.",
  schema: z.object({
    defaultNetwork: text("defaultNetwork", 64, NAME_OR_EMPTY, "Kept for compatibility; not used.")
      .optional(),
    tenantName: text("tenantName", 64, NAME, "Name of the tenant; it cannot be changed."),
  }),
  operSchema: z.object({
    endpointGroups: z.array(groupOperSchema).optional().meta({ description: "Its groups." }),
    networks: z.array(networkOperSchema).optional().meta({ description: "Its networks." }),
    totalAppProfiles: count("application profiles"),
    totalEPGs: count("groups"),
    totalEndpoints: count("endpoints"),
    totalNetprofiles: count("network profiles"),
    totalNetworks: count("networks"),
    totalPolicies: count("policies"),
    totalServicelbs: count("services"),
  }),
};
