/**
 * A small cluster for tests of decisions: a snapshot, and each decision applied to it as a store would.
 * @module
 */
import type { ModelObject } from "../model/object.ts";
import type { EndpointState } from "../model/records.ts";
import { applyPlan, fixedSnapshot } from "../state/fixed_snapshot.ts";
import type { Plan } from "../state/plan.ts";
import type { Snapshot } from "../state/snapshot.ts";
import { createEndpoint, deleteEndpoint } from "./endpoint.ts";
import type { EndpointRequest } from "./endpoint_request.ts";
import { IntentError } from "./error.ts";
import { bootstrap, putObject, removeObject } from "./objects.ts";

const CONTEXT = { now: 1, clusterMode: "docker" };

export class TestCluster {
  snapshot: Snapshot = fixedSnapshot({});

  constructor() {
    this.apply(bootstrap(this.snapshot, { fwdMode: "routing" }, CONTEXT));
  }

  apply<T>(plan: Plan<T>): T {
    this.snapshot = applyPlan(this.snapshot, plan);
    return plan.result;
  }

  put(plural: string, key: string, body: unknown): ModelObject {
    return this.apply(putObject(this.snapshot, plural, key, body, CONTEXT));
  }

  remove(plural: string, key: string): string {
    return this.apply(removeObject(this.snapshot, plural, key, CONTEXT)).key;
  }

  tenant(tenantName: string): ModelObject {
    return this.put("tenants", tenantName, { tenantName });
  }

  network(networkName: string, subnet: string, more: ModelObject = {}): ModelObject {
    const body = { tenantName: "default", networkName, encap: "vxlan", subnet, ...more };
    return this.put("networks", `${body.tenantName}:${networkName}`, body);
  }

  group(groupName: string, networkName: string, more: ModelObject = {}): ModelObject {
    const body = { tenantName: "default", groupName, networkName, ...more };
    return this.put("endpointGroups", `${body.tenantName}:${groupName}`, body);
  }

  endpoint(endpointID: string, more: Partial<EndpointRequest> = {}, host = "hostA"): EndpointState {
    const request: EndpointRequest = {
      tenant: "default",
      network: "net1",
      group: "",
      endpointID,
      attachment: { kind: "docker" },
      ...more,
    };
    return this.apply(createEndpoint(this.snapshot, request, { now: 1, host, vtepIP: "" }));
  }

  removeEndpoint(endpointID: string): EndpointState | undefined {
    return this.apply(deleteEndpoint(this.snapshot, { endpointID }, { now: 2 }));
  }
}

/** The error that `decide` throws; any other error, or none, fails the test. */
export function refusalOf(decide: () => unknown): IntentError {
  try {
    decide();
  } catch (error) {
    if (error instanceof IntentError) return error;
    throw error;
  }
  throw new Error("expected an IntentError");
}
