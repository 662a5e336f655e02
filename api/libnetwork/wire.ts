/**
 * Requests of libnetwork's remote network and IPAM drivers, as Docker 20.10 to 29 send them (moby daemon/libnetwork/drivers/remote/api,
 * ipams/remote/api). Go sends `null` for empty lists and maps; unknown fields are ignored, as newer engines add some.
 * @module
 */
import { z } from "zod";

/** Docker's ids are 64 hexadecimal digits, swarm's 25 letters and digits. */
const id = z.string().min(1).max(128).regex(/^[A-Za-z0-9_.-]+$/, "is not an id");
const text = z.string().max(1024);
const optionalText = text.nullish().transform((value) => value ?? "");
const options = z.record(z.string(), z.unknown()).nullish().transform((value) => value ?? {});

const ipamData = z.object({
  AddressSpace: optionalText,
  Pool: optionalText,
  Gateway: optionalText,
  AuxAddresses: z.record(z.string(), text).nullish().transform((value) => value ?? {}),
});
const ipamList = z.array(ipamData).nullish().transform((value) => value ?? []);

export const emptyRequest = z.unknown();
export const networkRequest = z.object({
  NetworkID: id,
  Options: options,
  IPv4Data: ipamList,
  IPv6Data: ipamList,
});
export const networkIdRequest = z.object({ NetworkID: id });
export const gatewayCheckRequest = z.object({ Options: options });
export const endpointRequest = z.object({ NetworkID: id, EndpointID: id });
export const createEndpointRequest = endpointRequest.extend({
  Interface: z.object({
    Address: optionalText,
    AddressIPv6: optionalText,
    MacAddress: optionalText,
  })
    .nullish(),
  Options: options,
});
export const joinRequest = endpointRequest.extend({
  SandboxKey: z.string().max(4096).startsWith("/"),
  Options: options,
});
export const poolRequest = z.object({
  AddressSpace: optionalText,
  Pool: optionalText,
  SubPool: optionalText,
  Options: options,
  V6: z.boolean().nullish().transform((value) => value ?? false),
});
export const poolIdRequest = z.object({ PoolID: text });
export const addressRequest = z.object({
  PoolID: text,
  Address: optionalText,
  Options: options,
});

export type IpamData = z.infer<typeof ipamData>;
export type NetworkRequest = z.infer<typeof networkRequest>;
export type CreateEndpointRequest = z.infer<typeof createEndpointRequest>;
export type JoinRequest = z.infer<typeof joinRequest>;
export type EndpointIds = z.infer<typeof endpointRequest>;
export type PoolRequestBody = z.infer<typeof poolRequest>;
export type AddressRequestBody = z.infer<typeof addressRequest>;

/** What `-o` gave: one level below the options that the engine itself adds. */
export function genericOptions(
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const generic = z.record(z.string(), z.unknown()).safeParse(
    options["com.docker.network.generic"],
  );
  return generic.success ? generic.data : {};
}
