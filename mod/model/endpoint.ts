/**
 * Endpoints as the API shows them. They are made by attaching containers, not by this API.
 * @module
 */
import { z } from "zod";
import type { ObjectType } from "./object.ts";

const shown = (description: string) => z.string().optional().meta({ description });

export const endpointOperSchema: z.ZodObject = z.object({
  containerID: shown("The container's id."),
  containerName: shown("The container's or pod's name."),
  endpointGroupId: z.int().optional().meta({ description: "Number of its group in the cluster." }),
  endpointGroupKey: shown("`<group>:<tenant>`."),
  endpointID: shown("The orchestrator's id of the endpoint."),
  homingHost: shown("Label of the host that carries it."),
  intfName: shown("Name of its port on the switch."),
  ipAddress: z.array(z.string()).optional().meta({
    description: "Two elements: the IPv4 address, and the IPv6 address or an empty string.",
  }),
  labels: shown("Its labels, `map[key:value key:value]`."),
  macAddress: shown("Its MAC address."),
  network: shown("`<network>.<tenant>`."),
  serviceName: shown("Its group."),
  virtualPort: shown("`v` followed by the name of its port."),
  vtepIP: shown("Tunnel address of its host."),
});

export const endpoint: ObjectType = {
  type: "endpoint",
  plural: "endpoints",
  keyFields: [],
  fields: [],
  inspectOnly: true,
  description: "A container's attachment to a network.",
  schema: z.object({}),
  operSchema: endpointOperSchema.extend({ key: shown("The id that was asked for.") }),
};
