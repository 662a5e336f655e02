/**
 * Keeps an agent that was started on the wrong store from taking the right one's containers off the network: contivh0 and the tunnel port
 * carry the id of the cluster that the bridge belongs to.
 * @module
 */
import type { ClusterState, MasterConfig } from "../model/records.ts";
import { CLUSTER, MASTER_CONFIG } from "../state/keys.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { AgentError } from "./error.ts";
import { isSwitchLink } from "./link_names.ts";
import type { PortState } from "./switch.ts";

/** Key of external_ids of the host's own ports. */
export const CLUSTER_ID = "contiv-cluster";

/** The store's cluster. Throws AgentError "not-configured" when no master has ever run on it. */
export function clusterOf(snapshot: Snapshot): string {
  const cluster = read<ClusterState>(snapshot, CLUSTER);
  if (cluster && snapshot.get(MASTER_CONFIG)) return cluster.id;
  throw new AgentError(
    "not-configured",
    "The store holds no configuration yet: start a master on it (`contiv master` or `contiv up`), or give --store the right one",
  );
}

/** Throws AgentError "foreign-switch" when `ports` carry endpoints of another cluster. A bridge without endpoints is anybody's. */
export function refuseForeign(ports: readonly PortState[], cluster: string): void {
  const owner = ports.find((port) => port.externalIds[CLUSTER_ID] !== undefined)
    ?.externalIds[CLUSTER_ID];
  const endpoints = ports.filter(({ name }) => isSwitchLink(name));
  if (owner === undefined || owner === cluster || endpoints.length === 0) return;
  throw new AgentError(
    "foreign-switch",
    `The bridge carries ${endpoints.length} endpoints of another store (cluster ${owner}; this one is ${cluster}), and nothing was ` +
      "changed: start with the store that they belong to (--store), or give them up: ovs-vsctl del-br contiv0",
  );
}

/**
 * Throws AgentError "other-configuration" when the agent was told another forwarding mode than the cluster has: nobody should believe
 * containers to be bridged that are routed.
 */
export function refuseOtherForwarding(snapshot: Snapshot, told: "routing" | "bridge"): void {
  const mode = read<MasterConfig>(snapshot, MASTER_CONFIG)?.["fwd-mode"];
  if (!mode || mode === told) return;
  throw new AgentError(
    "other-configuration",
    `The cluster's forwarding mode is ${mode}, and this agent was told ${told}: start it with --fwdmode=${mode}, or change the cluster's ` +
      `with \`contiv ctl global set --fwd-mode ${told}\``,
  );
}
