/**
 * Makes endpoints one after another and prints, as JSON, what each cost: run in a host by endpoint_cost_lab_test.ts.
 * @module
 */
import type { Operation } from "../../mod/state/store.ts";
import { endpointRequest, intercept, startAgent } from "./agent_in_process.ts";

/** What it took to create an endpoint and to join it. */
export interface Cost {
  /** Calls of the store by name, compares and operations of its transactions included. */
  readonly store: Readonly<Record<string, number>>;
  /** Bytes of keys and values written. */
  readonly bytes: number;
  /** Changes of flows, and flows of the endpoint then in force. */
  readonly flowChanges: number;
  readonly flows: number;
  readonly links: number;
}

const never = new AbortController().signal;

if (import.meta.main) {
  const [path = "", count = ""] = Deno.args;
  console.log(JSON.stringify(await measure(path, Number(count))));
  Deno.exit(0);
}

async function measure(path: string, count: number): Promise<Cost[]> {
  let store: Record<string, number> = {};
  let bytes = 0;
  let flowChanges = 0;
  let links = 0;
  const add = (name: string, by = 1) => store[name] = (store[name] ?? 0) + by;
  const { endpoints } = await startAgent(path, {
    store: (target) =>
      intercept(target, ["get", "list", "transact"], (method, args, run) => {
        add(method);
        if (method === "transact") {
          const [compares, operations] = args as [readonly unknown[], readonly Operation[]];
          add("compares", compares.length);
          add("operations", operations.length);
          for (const operation of operations) bytes += sizeOf(operation);
        }
        return run();
      }),
    switch: (target) =>
      intercept(target, ["applyFlows"], (_, args, run) => {
        const [change] = args as [{ add: readonly unknown[]; remove: readonly unknown[] }];
        flowChanges += change.add.length + change.remove.length;
        return run();
      }),
    kernel: (target) =>
      intercept(target, ["createEndpointLink"], (_, _args, run) => {
        links++;
        return run();
      }),
  });
  const costs: Cost[] = [];
  // The first endpoint of a tenant brings its networks' flows with it.
  await endpoints.create(endpointRequest("before"), never);
  for (let at = 0; at < count; at++) {
    [store, bytes, flowChanges, links] = [{}, 0, 0, 0];
    const endpointID = `endpoint${String(at).padStart(4, "0")}`;
    await endpoints.create(endpointRequest(endpointID), never);
    await endpoints.join({ netID: "net.default", endpointID }, "/run/docker/netns/x");
    await endpoints.idle();
    const flows = endpoints.flowsOf(endpointID)?.length ?? 0;
    costs.push({ store, bytes, flowChanges, flows, links });
  }
  return costs;
}

function sizeOf(operation: Operation): number {
  return operation.key.length + (operation.type === "put" ? operation.value.length : 0);
}
