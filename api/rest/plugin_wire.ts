/**
 * Bodies of the `/plugin/*` calls, which agents of the original make: Go's field names, every one optional as Go decodes them.
 * @module
 */
import { z } from "zod";

/** Printable, and longer than any name, id or address. */
const printable = (max: number) =>
  z.string().max(max).regex(/^[^\p{C}]*$/u, {
    error: "it holds characters that cannot be printed",
  });
const text = printable(256).default("");
/** Becomes a part of keys in the store. */
const hostLabel = text.refine((it) => !/[\s/:]/.test(it), {
  error: "a host's label has no spaces, slashes and colons",
});

export const allocAddressRequest = z.object({
  NetworkID: text.describe(
    "`network.tenant`, or `network:group.tenant` for an address of the group's pool",
  ),
  AddressPool: text.describe(
    "Used when NetworkID is empty: the network whose subnet this is, as `CIDR` or `CIDR:tenant`",
  ),
  PreferredIPv4Address: text.describe("Exactly this address; empty: the lowest free one"),
});

export const allocAddressReply = z.object({
  NetworkID: z.string(),
  IPv4Address: z.string().describe("`address/length`"),
});

export const releaseAddressRequest = z.object({
  NetworkID: text.describe("`network.tenant` or `network:group.tenant`"),
  IPv4Address: text,
});

const endpointConfig = z.object({
  Container: text,
  Host: hostLabel.describe("Label of the host that carries the endpoint"),
  IPAddress: text.describe("Exactly this address; empty: the lowest free one"),
  IPv6Address: text,
  ServiceName: text.describe("Endpoint group"),
});

export const createEndpointRequest = z.object({
  TenantName: text,
  NetworkName: text,
  ServiceName: text.describe("Endpoint group, or empty"),
  EndpointID: text,
  EPCommonName: text.describe("Name of the container"),
  ConfigEP: endpointConfig.prefault({}),
});

export const deleteEndpointRequest = z.object({
  TenantName: text,
  NetworkName: text,
  ServiceName: text,
  EndpointID: text,
  IPv4Address: text,
});

export const updateEndpointRequest = z.object({
  IPAddress: text,
  ContainerID: text,
  ContainerName: text,
  Labels: z.record(printable(256), printable(4096)).nullish().describe(
    "Labels of the container",
  ),
  TenantName: text,
  NetworkName: text,
  Tenant: text,
  Network: text,
  Event: text.describe("`start` or `die`"),
  EndpointID: text,
  EPCommonName: text,
});

export const updateEndpointReply = z.object({ IPAddress: z.string() });

/** The endpoint as the original recorded it; ours has more fields. */
export const endpointReply = z.object({
  EndpointConfig: z.object({
    id: z.string(),
    netID: z.string(),
    endpointID: z.string(),
    serviceName: z.string(),
    endpointGroupId: z.number().int(),
    endpointGroupKey: z.string(),
    ipAddress: z.string(),
    ipv6Address: z.string(),
    macAddress: z.string(),
    homingHost: z.string(),
    intfName: z.string(),
    vtepIP: z.string(),
    labels: z.record(z.string(), z.string()).nullable(),
    containerId: z.string(),
    epCommonName: z.string(),
  }),
});
