/**
 * An endpoint's name means one endpoint of its host, in one namespace, under one interface name: by it alone an endpoint is detached.
 * @module
 */
import type { EndpointRequest } from "../intent/endpoint_request.ts";
import { IntentError } from "../intent/error.ts";
import { endpointsOfHost } from "../intent/host_endpoints.ts";
import { networkId } from "../state/keys.ts";
import type { Snapshot } from "../state/snapshot.ts";

/** Throws IntentError "conflict" when `host` has an endpoint of that name elsewhere than where the request wants one. */
export function refuseSecond(snapshot: Snapshot, request: EndpointRequest, host: string): void {
  const { endpointID, tenant, network, attachment } = request;
  // The host's own, one in each infra network, all go by its label.
  if (attachment.kind === "host") return;
  for (const other of endpointsOfHost(snapshot, host)) {
    if (other.endpointID !== endpointID) continue;
    if (other.attachment.kind === "host") continue;
    if (other.netID !== networkId(tenant, network)) {
      throw inTheWay(endpointID, `in network ${other.netID}`);
    }
    const { sandbox, interfaceName } = other.attachment;
    const same = sandbox === attachment.sandbox && interfaceName === attachment.interfaceName;
    if (attachment.kind === "netns" && !same) {
      throw inTheWay(endpointID, `as ${interfaceName} of namespace ${sandbox}`);
    }
  }
}

function inTheWay(endpointID: string, where: string): IntentError {
  return new IntentError(
    "conflict",
    `endpoint ${endpointID} exists already ${where}`,
    `remove it first (\`contiv ctl endpoint detach ${endpointID}\`), or give the new one another name`,
  );
}
