/**
 * Whether the store, Open vSwitch and the kernel of a host say the same: each endpoint's record, its addresses and port number, its
 * OVS port, its link and its flows, and nothing of ours beyond them.
 * @module
 */
import { flowCookie } from "../../../drivers/ovs/flow_cookie.ts";
import { DesiredState } from "../../../mod/agent/desired_state.ts";
import { isSwitchLink } from "../../../mod/agent/link_names.ts";
import { sweep } from "../../../mod/alloc/sweep.ts";
import type { Allocation, EndpointState, NetworkState } from "../../../mod/model/records.ts";
import { TreeSnapshot } from "../../../mod/state/fixed_snapshot.ts";
import { addressKey, ENDPOINTS, NETWORKS, portKey, ROOT } from "../../../mod/state/keys.ts";
import { read, readAll, type Snapshot } from "../../../mod/state/snapshot.ts";
import type { Store } from "../../../mod/state/store.ts";
import { Tree } from "../../../mod/state/tree.ts";
import type { Host } from "../../lab/host.ts";

export async function snapshotOf(store: Pick<Store, "list">): Promise<Snapshot> {
  const { items, revision } = await store.list(ROOT);
  return new TreeSnapshot(Tree.of(items), revision);
}

/** One line for each thing that is missing here or there; empty when all agree. */
export async function disagreements(
  host: Host,
  store: Pick<Store, "list">,
): Promise<string[]> {
  const snapshot = await snapshotOf(store);
  const desired = new DesiredState({
    host: host.name,
    cluster: "",
    datapath: "netdev",
    mtu: 1450,
    vtepAddress: host.address,
    vxlanPort: 4789,
  });
  desired.reset(snapshot);
  const endpoints = [...desired.endpoints()];
  const ports = [...endpoints.map(({ port }) => port), ...desired.hostPorts()];
  return [
    ...allocationFaults(snapshot),
    ...difference(
      "OVS port",
      ports.map(({ name, number, externalIds }) =>
        `${name} ${number} ${externalIds["contiv-owner"]}`
      ),
      await ovsPorts(host),
    ),
    ...difference(
      "link",
      endpoints.flatMap(({ link }) => link ? [`${link.hostLink} ${link.alias}`] : []),
      await endpointLinks(host),
    ),
    ...difference(
      "flow",
      desired.owners().flatMap((owner) => desired.flows(owner)).map(flowCookie),
      await flowCookies(host),
    ),
  ];
}

function allocationFaults(snapshot: Snapshot): string[] {
  const owned = new Map<string, string>();
  const faults = sweep(snapshot, 0, { grace: 0 }).result.map(({ key, reason }) =>
    `${key} is leaked: ${reason}`
  );
  for (const endpoint of readAll<EndpointState>(snapshot, ENDPOINTS)) {
    for (const key of allocationsOf(snapshot, endpoint)) {
      const other = owned.get(key);
      if (other !== undefined) faults.push(`${key} is given to ${other} and ${endpoint.id}`);
      owned.set(key, endpoint.id);
      const owner = read<Allocation>(snapshot, key)?.owner;
      if (owner?.kind !== "endpoint" || owner.id !== endpoint.id) {
        faults.push(`${key} of ${endpoint.id} is held by ${owner?.kind} ${owner?.id}`);
      }
    }
  }
  return faults;
}

function allocationsOf(snapshot: Snapshot, endpoint: EndpointState): string[] {
  const network = read<NetworkState>(snapshot, NETWORKS + endpoint.netID);
  if (!network) return [`the network of ${endpoint.id}`];
  return [
    portKey(endpoint.homingHost, endpoint.portNumber),
    ...[endpoint.ipAddress, endpoint.ipv6Address].filter((address) => address !== "")
      .map((address) => addressKey(network.addressSpace, address)),
  ];
}

/** `name number owner` of each port of ours that is attached, or what is wrong with it. */
async function ovsPorts(host: Host): Promise<string[]> {
  const columns = "--columns=name,ofport,external_ids,error";
  const table: { data: [string, unknown, ["map", [string, string][]], unknown][] } = JSON.parse(
    await host.must(["ovs-vsctl", "--format=json", columns, "list", "Interface"]),
  );
  return table.data.flatMap(([name, number, [, ids], error]) => {
    const owner = new Map(ids).get("contiv-owner");
    if (owner === undefined || name === "contiv0") return [];
    return [`${name} ${number} ${owner}${typeof error === "string" ? ` ${error}` : ""}`];
  });
}

async function endpointLinks(host: Host): Promise<string[]> {
  const links: { ifname: string; ifalias?: string }[] = JSON.parse(
    await host.must(["ip", "-json", "link", "show"]),
  );
  return links.filter(({ ifname }) => isSwitchLink(ifname))
    .map(({ ifname, ifalias }) => `${ifname} ${ifalias}`);
}

async function flowCookies(host: Host): Promise<string[]> {
  const dump = await host.must(["ovs-ofctl", "dump-flows", "contiv0", "--no-stats"]);
  return [...dump.matchAll(/cookie=0x([0-9a-f]+)/g)].map(([, digits = ""]) =>
    `0x${digits.padStart(16, "0")}`
  );
}

function difference(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  const [want, have] = [new Set(wanted), new Set(found)];
  const twice = found.filter((each, at) => found.indexOf(each) !== at);
  return [
    ...wanted.filter((each) => !have.has(each)).map((each) => `${what} is missing: ${each}`),
    ...found.filter((each) => !want.has(each)).map((each) => `${what} is left over: ${each}`),
    ...twice.map((each) => `${what} is there twice: ${each}`),
  ];
}
