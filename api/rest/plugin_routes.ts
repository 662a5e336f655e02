/**
 * `/plugin/*`: addresses and endpoints for agents of the original, which ask the master. Our own agents write the store themselves.
 * @module
 */
import type { Context, Hono } from "hono";
import type { z } from "zod";
import {
  createEndpoint,
  deleteEndpoint,
  releaseAddress,
  requestAddress,
  updateEndpoint,
} from "../../mod/intent/endpoint.ts";
import { IntentError } from "../../mod/intent/error.ts";
import type { EndpointState } from "../../mod/model/records.ts";
import { endpointKey, ENDPOINTS, networkId } from "../../mod/state/keys.ts";
import type { Plan } from "../../mod/state/plan.ts";
import { read, readAll, type Snapshot } from "../../mod/state/snapshot.ts";
import { transact } from "../../mod/state/transact.ts";
import { issueText } from "../issue_text.ts";
import type { MasterDependencies } from "./dependencies.ts";
import { WrongContentType } from "./error_reply.ts";
import { findNetwork, findNetworkOfPool } from "./network_reference.ts";
import { deadline, jsonReply } from "./object_routes.ts";
import {
  allocAddressRequest,
  createEndpointRequest,
  deleteEndpointRequest,
  releaseAddressRequest,
  updateEndpointRequest,
} from "./plugin_wire.ts";
import { readJson } from "./request_body.ts";

export function addPluginRoutes(app: Hono, deps: MasterDependencies): void {
  const call = <S extends z.ZodType, T>(
    name: string,
    schema: S,
    decide: (snapshot: Snapshot, request: z.infer<S>, now: number) => Plan<T>,
  ) =>
    app.post(`/plugin/${name}`, async (c) => {
      requireJson(c);
      const request = parse(schema, await readJson(c.req.raw));
      const result = await transact(
        deps.store,
        deps.cache,
        (snapshot) => decide(snapshot, request, deps.now()),
        { signal: deadline(), domain: "endpoints" },
      );
      return jsonReply(c, result);
    });
  call("allocAddress", allocAddressRequest, allocate);
  call("releaseAddress", releaseAddressRequest, release);
  call("createEndpoint", createEndpointRequest, create);
  call("deleteEndpoint", deleteEndpointRequest, remove);
  call("updateEndpoint", updateEndpointRequest, update);
}

function requireJson(c: Context): void {
  const [mediaType = ""] = (c.req.header("content-type") ?? "").split(";");
  if (mediaType.trim().toLowerCase() !== "application/json") throw new WrongContentType();
}

function parse<S extends z.ZodType>(schema: S, body: unknown): z.infer<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new IntentError("invalid", issueText(parsed.error));
}

function allocate(
  snapshot: Snapshot,
  request: z.infer<typeof allocAddressRequest>,
  now: number,
): Plan<unknown> {
  const { ref, network } = request.NetworkID
    ? findNetwork(snapshot, request.NetworkID)
    : findNetworkOfPool(snapshot, request.AddressPool);
  const plan = requestAddress(snapshot, {
    space: network.addressSpace,
    ref,
    family: 4,
    ...(request.PreferredIPv4Address ? { address: request.PreferredIPv4Address } : {}),
  }, { now, host: "" });
  const result = {
    NetworkID: request.NetworkID || network.id,
    IPv4Address: `${plan.result}/${network.subnetLen}`,
  };
  return { ...plan, result };
}

function release(
  snapshot: Snapshot,
  request: z.infer<typeof releaseAddressRequest>,
  now: number,
): Plan<string> {
  const { network } = findNetwork(snapshot, request.NetworkID);
  const released = { space: network.addressSpace, address: request.IPv4Address };
  return { ...releaseAddress(snapshot, released, { now, host: "" }), result: "success" };
}

function create(
  snapshot: Snapshot,
  request: z.infer<typeof createEndpointRequest>,
  now: number,
): Plan<unknown> {
  const { IPAddress, IPv6Address, Host } = request.ConfigEP;
  if (request.EndpointID === "") throw new IntentError("invalid", "EndpointID required");
  const plan = createEndpoint(snapshot, {
    tenant: request.TenantName,
    network: request.NetworkName,
    group: request.ServiceName,
    endpointID: request.EndpointID,
    ...(IPAddress ? { address: IPAddress } : {}),
    ...(IPv6Address ? { address6: IPv6Address } : {}),
    commonName: request.EPCommonName,
    attachment: { kind: "external" },
  }, { now, host: Host, vtepIP: "" });
  return { ...plan, result: { EndpointConfig: originalRecord(plan.result) } };
}

function remove(
  snapshot: Snapshot,
  request: z.infer<typeof deleteEndpointRequest>,
  now: number,
): Plan<unknown> {
  const netID = networkId(request.TenantName, request.NetworkName);
  const id = `${netID}-${request.EndpointID}`;
  const endpoint = read<EndpointState>(snapshot, endpointKey(id));
  if (!endpoint) {
    throw new IntentError("not-found", "key not found", `There is no endpoint ${id}`);
  }
  const { endpointID, homingHost: host } = endpoint;
  const plan = deleteEndpoint(snapshot, { netID, endpointID, host }, { now });
  return { ...plan, result: { EndpointConfig: originalRecord(endpoint) } };
}

/** Event "die" takes the container's labels away, and with them the services it provides. */
function update(
  snapshot: Snapshot,
  request: z.infer<typeof updateEndpointRequest>,
): Plan<unknown> {
  const tenant = request.TenantName || request.Tenant;
  const network = request.NetworkName || request.Network;
  const netID = networkId(tenant, network);
  const endpoint = readAll<EndpointState>(snapshot, ENDPOINTS).find((candidate) =>
    candidate.netID === netID &&
    (request.EndpointID
      ? candidate.endpointID === request.EndpointID
      : candidate.ipAddress === request.IPAddress)
  );
  if (!endpoint) {
    throw new IntentError(
      "not-found",
      "key not found",
      `There is no endpoint ${request.EndpointID || request.IPAddress} in ${netID}`,
    );
  }
  const started = request.Event !== "die";
  const commonName = request.EPCommonName || request.ContainerName || endpoint.epCommonName;
  const plan = updateEndpoint(snapshot, endpoint.id, {
    containerId: request.ContainerID || endpoint.containerId,
    epCommonName: commonName,
    labels: started ? request.Labels ?? {} : {},
  });
  return { ...plan, result: { IPAddress: endpoint.ipAddress } };
}

/** The fields that the original's agents know, in its order; an empty map was `null` there. */
function originalRecord(endpoint: EndpointState): unknown {
  return {
    id: endpoint.id,
    netID: endpoint.netID,
    endpointID: endpoint.endpointID,
    serviceName: endpoint.serviceName,
    endpointGroupId: endpoint.endpointGroupId,
    endpointGroupKey: endpoint.endpointGroupKey,
    ipAddress: endpoint.ipAddress,
    ipv6Address: endpoint.ipv6Address,
    macAddress: endpoint.macAddress,
    homingHost: endpoint.homingHost,
    intfName: endpoint.intfName,
    vtepIP: endpoint.vtepIP,
    labels: Object.keys(endpoint.labels).length > 0 ? endpoint.labels : null,
    containerId: endpoint.containerId,
    epCommonName: endpoint.epCommonName,
  };
}
