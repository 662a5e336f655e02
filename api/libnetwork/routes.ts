/**
 * Which call does what. Activation, capabilities and address spaces are constants: an engine that starts asks them first, and must
 * not wait for a store.
 * @module
 */
import type { z } from "zod";
import { GLOBAL_ADDRESS_SPACE, LOCAL_ADDRESS_SPACE } from "../../mod/docker/names.ts";
import type { IpamDriver } from "./ipam_driver.ts";
import type { NetworkDriver } from "./network_driver.ts";
import * as wire from "./wire.ts";

/** Takes the parsed body; what it returns is sent as JSON. Throws what is to be shown as `Err`. */
export type Route = (body: unknown, signal: AbortSignal) => unknown;

const NOTHING = {};

export function routes(
  network: NetworkDriver,
  ipam: IpamDriver,
  scope: "local" | "global",
): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    constant("Plugin.Activate", { Implements: ["NetworkDriver", "IpamDriver"] }),
    constant("Plugin.Deactivate", NOTHING),
    constant("NetworkDriver.GetCapabilities", {
      Scope: scope,
      ConnectivityScope: "global",
      GwAllocChecker: true,
    }),
    call("NetworkDriver.GwAllocCheck", wire.gatewayCheckRequest, (it) => network.checkGateway(it)),
    call("NetworkDriver.AllocateNetwork", wire.networkRequest, (it, s) => network.allocate(it, s)),
    call("NetworkDriver.FreeNetwork", wire.networkIdRequest, (it, s) => network.free(it, s)),
    call("NetworkDriver.CreateNetwork", wire.networkRequest, (it, s) => network.create(it, s)),
    call("NetworkDriver.DeleteNetwork", wire.networkIdRequest, (it, s) => network.delete(it, s)),
    call(
      "NetworkDriver.CreateEndpoint",
      wire.createEndpointRequest,
      (it, s) => network.createEndpoint(it, s),
    ),
    call(
      "NetworkDriver.DeleteEndpoint",
      wire.endpointRequest,
      (it, s) => network.deleteEndpoint(it, s),
    ),
    call("NetworkDriver.EndpointOperInfo", wire.endpointRequest, (it) => network.endpointInfo(it)),
    call("NetworkDriver.Join", wire.joinRequest, (it, s) => network.join(it, s)),
    // The engine moves the interface back and asks to delete the endpoint next: nothing is to be done in between.
    call("NetworkDriver.Leave", wire.endpointRequest, () => NOTHING),
    // Reaching out, and being reached, is a matter of Contiv's own policy and host access, not of the engine's port maps.
    call("NetworkDriver.ProgramExternalConnectivity", wire.endpointRequest, () => NOTHING),
    call("NetworkDriver.RevokeExternalConnectivity", wire.endpointRequest, () => NOTHING),
    // Agents know their peers from the store.
    call("NetworkDriver.DiscoverNew", wire.emptyRequest, () => NOTHING),
    call("NetworkDriver.DiscoverDelete", wire.emptyRequest, () => NOTHING),
    constant("IpamDriver.GetCapabilities", {
      RequiresMACAddress: false,
      // Allocations are in the store; an engine that restarts need not tell them again.
      RequiresRequestReplay: false,
    }),
    constant("IpamDriver.GetDefaultAddressSpaces", {
      LocalDefaultAddressSpace: LOCAL_ADDRESS_SPACE,
      GlobalDefaultAddressSpace: GLOBAL_ADDRESS_SPACE,
    }),
    call("IpamDriver.RequestPool", wire.poolRequest, (it, s) => ipam.requestPool(it, s)),
    call("IpamDriver.ReleasePool", wire.poolIdRequest, (it, s) => ipam.releasePool(it, s)),
    call("IpamDriver.RequestAddress", wire.addressRequest, (it, s) => ipam.requestAddress(it, s)),
    call("IpamDriver.ReleaseAddress", wire.addressRequest, (it, s) => ipam.releaseAddress(it, s)),
  ]);
}

function constant(name: string, answer: unknown): [string, Route] {
  return [name, () => answer];
}

function call<T>(
  name: string,
  schema: z.ZodType<T>,
  run: (request: T, signal: AbortSignal) => unknown,
): [string, Route] {
  return [name, (body, signal) => run(schema.parse(body), signal)];
}
