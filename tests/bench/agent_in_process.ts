/**
 * The real agent in this process, with a store on disk, on the kernel and the Open vSwitch of the host that the process runs in, so that
 * what it calls can be counted and timed.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { delay } from "../../cli/roles/delay.ts";
import { openKernel } from "../../drivers/linux/kernel.ts";
import { openSwitch } from "../../drivers/ovs/switch.ts";
import { openEmbeddedStore } from "../../drivers/store/embedded/embedded_store.ts";
import { Agent } from "../../mod/agent/agent.ts";
import type { EndpointRequest } from "../../mod/agent/endpoint_service.ts";
import type { Kernel } from "../../mod/agent/kernel.ts";
import type { Switch } from "../../mod/agent/switch.ts";
import { nameCluster } from "../../mod/intent/cluster.ts";
import { bootstrap, putObject } from "../../mod/intent/objects.ts";
import { Cache } from "../../mod/state/cache.ts";
import { networkKey, ROOT } from "../../mod/state/keys.ts";
import type { Plan } from "../../mod/state/plan.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import type { Store } from "../../mod/state/store.ts";
import { transact } from "../../mod/state/transact.ts";
import type { Host } from "../lab/host.ts";

const never = new AbortController().signal;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** What stands between the agent and its parts. */
export interface Observers {
  readonly store: (store: Store) => Store;
  readonly switch: (vswitch: Switch) => Switch;
  readonly kernel: (kernel: Kernel) => Kernel;
}

/** Runs a program of this directory in a lab host, with Deno; returns its standard output. */
export function runInHost(host: Host, script: string, ...args: string[]): Promise<string> {
  const program = [Deno.execPath(), "run", "-A", "--quiet", `--config=${CONFIG}`, script];
  return host.must([...program, ...args], { deadline: 600_000 });
}

/** An agent on a store at `path` that holds one network, `net`, 10.1.0.0/16, or is given it. Lives until the process ends. */
export async function startAgent(path: string, observe: Observers): Promise<Agent> {
  const store = observe.store(await openEmbeddedStore({ path }));
  const timing = { random: Math.random, delay };
  const cache = await Cache.start(store, { prefix: ROOT, signal: never, now: Date.now, ...timing });
  const commit = <T>(decide: (snapshot: Snapshot) => Plan<T>) =>
    transact(store, cache, decide, { signal: never, ...timing });
  const context = { now: Date.now(), clusterMode: "docker" };
  await commit((snapshot) => bootstrap(snapshot, { fwdMode: "routing" }, context));
  await commit((snapshot) => nameCluster(snapshot, crypto.randomUUID()));
  const network = {
    tenantName: "default",
    networkName: "net",
    encap: "vxlan",
    subnet: "10.1.0.0/16",
    gateway: "10.1.255.254",
  };
  if (!cache.snapshot().get(networkKey("default", "net"))) {
    await commit((snapshot) => putObject(snapshot, "networks", "default:net", network, context));
  }
  const logger = getLogger(["contiv"]);
  return await Agent.start({
    store,
    cache,
    switch: observe.switch(openSwitch({ startDaemons: false, logger })),
    kernel: observe.kernel(await openKernel()),
    log: logger,
    host: "a",
    vtepAddress: "198.18.0.1",
    vxlanPort: 4789,
    forwarding: "routing",
    claim: () => Promise.resolve((decide) => decide),
    now: Date.now,
    ...timing,
  }, never);
}

/** As Docker's CreateEndpoint asks. */
export function endpointRequest(endpointID: string): EndpointRequest {
  const attachment = { kind: "docker", dockerNetworkID: "0" } as const;
  return { tenant: "default", network: "net", group: "", endpointID, attachment };
}

/** `target`, with each call of one of `methods` made by `call`. */
export function intercept<T extends object>(
  target: T,
  methods: readonly (keyof T & string)[],
  call: (method: string, args: readonly unknown[], run: () => unknown) => unknown,
): T {
  return new Proxy(target, {
    get(_, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      if (!methods.some((method) => method === property)) return value.bind(target);
      return (...args: unknown[]) =>
        call(String(property), args, () => Reflect.apply(value, target, args));
    },
  });
}
