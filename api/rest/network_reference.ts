/**
 * The original's names of networks in `/plugin/*`: `network.tenant`, and `network:group.tenant` for a group's pool. Names may hold dots,
 * so which dot separates is told by the network that exists.
 * @module
 */
import type { NetworkRef } from "../../mod/agent/endpoint_service.ts";
import { IntentError } from "../../mod/intent/error.ts";
import type { NetworkState } from "../../mod/model/records.ts";
import { networkKey, NETWORKS } from "../../mod/state/keys.ts";
import { read, readAll, type Snapshot } from "../../mod/state/snapshot.ts";

export interface FoundNetwork {
  readonly ref: NetworkRef;
  readonly network: NetworkState;
}

/** Throws IntentError "not-found" with the original's text. */
export function findNetwork(snapshot: Snapshot, networkID: string): FoundNetwork {
  const colon = networkID.indexOf(":");
  const name = colon < 0 ? undefined : networkID.slice(0, colon);
  const qualified = networkID.slice(colon + 1);
  for (let dot = qualified.indexOf("."); dot >= 0; dot = qualified.indexOf(".", dot + 1)) {
    const [first, tenant] = [qualified.slice(0, dot), qualified.slice(dot + 1)];
    const network = read<NetworkState>(snapshot, networkKey(tenant, name ?? first));
    if (network && network.tenant === tenant) {
      const group = name === undefined ? "" : first;
      return { ref: { tenant, network: network.networkName, group }, network };
    }
  }
  throw new IntentError(
    "not-found",
    "key not found",
    `There is no network ${networkID}; names have the form network.tenant or network:group.tenant`,
  );
}

/** The network whose subnet is `pool`: `CIDR`, or `CIDR:tenant` where several tenants have it. */
export function findNetworkOfPool(snapshot: Snapshot, pool: string): FoundNetwork {
  const [cidr, tenant] = pool.split(":");
  const network = readAll<NetworkState>(snapshot, NETWORKS).find((candidate) =>
    `${candidate.subnetIP}/${candidate.subnetLen}` === cidr &&
    (!tenant || candidate.tenant === tenant)
  );
  if (!network) {
    throw new IntentError(
      "not-found",
      "key not found",
      `There is no network with the subnet ${pool}`,
    );
  }
  const ref = { tenant: network.tenant, network: network.networkName, group: "" };
  return { ref, network };
}
