/**
 * CreateNetwork and AllocateNetwork: a Docker network comes to stand for a Contiv network or group that exists, or a Contiv network is
 * made for it. One transaction: network, reserved addresses and mapping together, or nothing.
 * @module
 */
import { IntentError } from "../intent/error.ts";
import { putObject } from "../intent/objects.ts";
import type { NetworkRef } from "../agent/endpoint_service.ts";
import type { Allocation, NetworkState } from "../model/records.ts";
import { formatAddress, parseAddress } from "../net/address.ts";
import { formatPrefix, parsePrefix, type Prefix, prefixContains } from "../net/prefix.ts";
import { addressKey, networkKey } from "../state/keys.ts";
import { type Plan, put, remove } from "../state/plan.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { findMapping, recordMapping, refOf } from "./mapping.ts";
import { describeRef } from "./names.ts";
import { parseEncapsulation, parseSelection, type Selection } from "./options.ts";
import { PlanSequence } from "./plan_sequence.ts";
import { hasSubnet } from "./pool_id.ts";
import { type Asker, CLUSTER_MODE } from "./asker.ts";
import { addressOfCidr } from "./cidr.ts";
import { findReservation, reservationKey } from "./reservation.ts";
import { existingRef } from "./selected.ts";

/** One pool of a network, as libnetwork tells it; addresses are CIDRs, empty when absent. */
export interface NetworkPool {
  readonly pool: string;
  readonly gateway: string;
  readonly auxiliary: readonly string[];
}

export interface NetworkCreation {
  /** Docker's id of it. */
  readonly id: string;
  /** What `-o` gave. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly internal: boolean;
  readonly ipv4: readonly NetworkPool[];
  readonly ipv6: readonly NetworkPool[];
  /** What the pool was asked for as, when the options do not say (`--ipam-opt`). */
  readonly pending: readonly NetworkRef[];
}

/** `holder`: who has Docker's network (mapping.ts). */
export function createNetwork(
  snapshot: Snapshot,
  request: NetworkCreation,
  holder: string,
  asker: Asker,
): Plan<NetworkRef> {
  const known = findMapping(snapshot, request.id, holder);
  if (known !== undefined) {
    const ref = refOf(known);
    const change = recordMapping(snapshot, ref, holder, request.id);
    return { ...change, result: ref };
  }
  const selection = parseSelection(request.options);
  const ref = meantRef(snapshot, selection, request);
  if (ref === undefined) return makeNetwork(snapshot, selection, request, holder, asker);
  const network = read<NetworkState>(snapshot, networkKey(ref.tenant, ref.network));
  if (network !== undefined) checkPools(network, ref, request);
  return { ...recordMapping(snapshot, ref, holder, request.id), result: ref };
}

/** The network or group that is meant, when it exists. */
function meantRef(
  snapshot: Snapshot,
  selection: Selection,
  request: NetworkCreation,
): NetworkRef | undefined {
  if (selection.tag !== "" || selection.network !== "") return existingRef(snapshot, selection);
  if (request.pending.length > 1) {
    throw new IntentError(
      "conflict",
      `the pool was just asked for by ${request.pending.map(describeRef).join(" and by ")}`,
      "say which is meant: -o tenant=… -o network=… [-o group=…]",
    );
  }
  return request.pending[0];
}

function checkPools(network: NetworkState, ref: NetworkRef, request: NetworkCreation): void {
  for (const { pool } of [...request.ipv4, ...request.ipv6]) {
    const prefix = parsePrefix(pool);
    if (prefix === undefined || hasSubnet(network, prefix)) continue;
    throw new IntentError(
      "conflict",
      `pool ${pool} is not the subnet of ${describeRef(ref)}`,
      `use --subnet ${network.subnetIP}/${network.subnetLen}`,
    );
  }
}

function makeNetwork(
  snapshot: Snapshot,
  selection: Selection,
  request: NetworkCreation,
  holder: string,
  asker: Asker,
): Plan<NetworkRef> {
  const ref = { tenant: selection.tenant, network: selection.network || request.id, group: "" };
  const sequence = new PlanSequence(snapshot);
  sequence.add(putObject(
    snapshot,
    "networks",
    `${ref.tenant}:${ref.network}`,
    networkObject(snapshot, ref, request),
    { now: asker.now, clusterMode: CLUSTER_MODE },
  ));
  const key = networkKey(ref.tenant, ref.network);
  const state = read<NetworkState>(sequence.snapshot, key);
  if (state !== undefined) {
    const marks = { dockerHolder: holder, ...(request.internal ? { internal: true } : {}) };
    sequence.add({
      compares: [],
      operations: [put(key, { ...state, ...marks })],
      result: undefined,
    });
  }
  for (const { pool, auxiliary } of [...request.ipv4, ...request.ipv6]) {
    sequence.add(useReservation(snapshot, ref.tenant, pool));
    for (const address of auxiliary) {
      sequence.add(reserveAuxiliary(sequence.snapshot, ref, pool, address, asker));
    }
  }
  sequence.add({
    ...recordMapping(sequence.snapshot, ref, holder, request.id),
    result: undefined,
  });
  return sequence.finish(ref);
}

/** The network as a user would have written it to `ctl network create`. */
function networkObject(
  snapshot: Snapshot,
  ref: NetworkRef,
  request: NetworkCreation,
): Record<string, unknown> {
  const [ipv4] = request.ipv4;
  const [ipv6] = request.ipv6;
  if (ipv4 === undefined || request.ipv4.length > 1 || request.ipv6.length > 1) {
    throw new IntentError(
      "invalid",
      `a Contiv network has one IPv4 subnet and at most one IPv6 subnet, not ${request.ipv4.length} and ${request.ipv6.length}`,
      "give one --subnet of each family",
    );
  }
  const prefix = supportedPrefix(ipv4.pool);
  const range = findReservation(snapshot, ref.tenant, prefix)?.range;
  const { encap, pktTag } = parseEncapsulation(request.options);
  return {
    tenantName: ref.tenant,
    networkName: ref.network,
    nwType: "data",
    encap,
    ...(pktTag === 0 ? {} : { pktTag }),
    subnet: range === undefined ? formatPrefix(prefix) : `${range}/${prefix.length}`,
    gateway: addressOfCidr(ipv4.gateway) ?? "",
    ...(ipv6 === undefined ? {} : {
      ipv6Subnet: ipv6.pool,
      ipv6Gateway: addressOfCidr(ipv6.gateway) ?? "",
    }),
  };
}

function supportedPrefix(pool: string): Prefix {
  const prefix = parsePrefix(pool);
  if (prefix !== undefined && prefix.length >= 8 && prefix.length <= 31) return prefix;
  throw new IntentError(
    "invalid",
    `pool ${pool || "(none)"} cannot be a Contiv network's subnet`,
    "give --subnet a length from 8 to 31, with --ipam-driver netplugin or Docker's own",
  );
}

function useReservation(snapshot: Snapshot, tenant: string, pool: string): Plan<void> {
  const prefix = parsePrefix(pool);
  const item = prefix && snapshot.get(reservationKey(tenant, prefix));
  if (item === undefined) return { compares: [], operations: [], result: undefined };
  return {
    compares: [{ key: item.key, modRevision: item.modRevision }],
    operations: [remove(item.key)],
    result: undefined,
  };
}

/** `--aux-address`: the network's own, so that no sweep takes it for one that a container has left behind. */
function reserveAuxiliary(
  snapshot: Snapshot,
  ref: NetworkRef,
  pool: string,
  cidr: string,
  asker: Asker,
): Plan<void> {
  const network = read<NetworkState>(snapshot, networkKey(ref.tenant, ref.network));
  const address = parseAddress(cidr.split("/", 1)[0] ?? "");
  const prefix = parsePrefix(pool);
  if (network === undefined || !address || !prefix || !prefixContains(prefix, address)) {
    throw new IntentError("invalid", `--aux-address ${cidr} is not inside ${pool}`);
  }
  const key = addressKey(network.addressSpace, formatAddress(address));
  if (snapshot.get(key) !== undefined) {
    throw new IntentError("conflict", `--aux-address ${cidr} is in use`);
  }
  const allocation: Allocation = {
    owner: { kind: "network", id: network.id },
    host: asker.host,
    created: asker.now,
  };
  return {
    compares: [{ key, modRevision: 0 }],
    operations: [put(key, allocation)],
    result: undefined,
  };
}
