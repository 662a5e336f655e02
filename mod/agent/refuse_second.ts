/**
 * An endpoint's name means one endpoint of its host, in one namespace, under one interface name: by it alone an endpoint is detached.
 * @module
 */
import type { EndpointRequest } from "../intent/endpoint_request.ts";
import { IntentError } from "../intent/error.ts";
import type { EndpointState } from "../model/records.ts";
import { ENDPOINTS, networkId } from "../state/keys.ts";
import { decode, type Snapshot } from "../state/snapshot.ts";

/** Throws IntentError "conflict" when `host` has an endpoint of that name elsewhere than where the request wants one. */
export function refuseSecond(snapshot: Snapshot, request: EndpointRequest, host: string): void {
  const { endpointID, tenant, network, attachment } = request;
  const named = (key: string) => key.endsWith(`-${endpointID}`);
  for (const item of snapshot.list(ENDPOINTS).filter(({ key }) => named(key))) {
    const other = decode<EndpointState>(item);
    if (other.homingHost !== host || other.endpointID !== endpointID) continue;
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
