/**
 * Which networks this host's Docker engine should have, and what to do about those that it has: pure decision of the controller in
 * drivers/docker. Every data network and every group has one Docker network on every host, named as the original named it.
 * @module
 */
import type { NetworkRef } from "../agent/endpoint_service.ts";
import type { DockerNetworkState } from "../model/records.ts";
import { formatPrefix, parsePrefix } from "../net/prefix.ts";
import { dockerNetworkKey, groupKey, networkKey } from "../state/keys.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { idsOf, mappings, refOf } from "./mapping.ts";
import { describeRef } from "./names.ts";
import {
  labelOf,
  MANAGED_LABEL,
  type NetworkCreateBody,
  type WantedNetwork,
  wantedNetworks,
} from "./wanted_networks.ts";

/** What the decision needs to know of a network that the engine has. */
export interface EngineNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly subnets: readonly string[];
}

export type NetworkAction =
  | { readonly type: "create"; readonly ref: NetworkRef; readonly body: NetworkCreateBody }
  /** The engine has it; the store does not know yet. */
  | { readonly type: "record"; readonly ref: NetworkRef; readonly id: string }
  /** The store thinks that the engine has it. So it is, for a moment, while the engine creates one: wait before acting. */
  | { readonly type: "forget"; readonly ref: NetworkRef; readonly id: string }
  /** `ref`: what the store says that it stands for; to be forgotten first, or the driver would take it for a user's wish. */
  | {
    readonly type: "remove";
    readonly id: string;
    readonly name: string;
    readonly why: string;
    readonly ref: NetworkRef | undefined;
  };

/** What keeps a network from being as it should; a person has to act. */
export interface NetworkProblem {
  /** Absent: what it stood for is gone. */
  readonly ref: NetworkRef | undefined;
  readonly message: string;
}

export interface NetworkDecision {
  readonly actions: readonly NetworkAction[];
  readonly problems: readonly NetworkProblem[];
}

/** Who has the networks of the engine (mapping.ts has the holders), and the name that it knows the driver by. */
export interface EngineIdentity {
  readonly holder: string;
  readonly driver: string;
}

/** The difference between the store's networks and groups and what the engine has. */
export function decideNetworks(
  snapshot: Snapshot,
  engine: readonly EngineNetwork[],
  identity: EngineIdentity,
): NetworkDecision {
  const wanted = new Map(
    wantedNetworks(snapshot, identity.driver).map((want) => [want.body.Name, want]),
  );
  const actions: NetworkAction[] = [];
  const problems: NetworkProblem[] = [];
  for (const want of wanted.values()) {
    const step = decideOne(snapshot, want, engine, identity);
    if (step === undefined) continue;
    if ("message" in step) problems.push(step);
    else actions.push(step);
  }
  actions.push(...superfluous(snapshot, wanted, engine, identity));
  actions.push(...vanished(snapshot, engine, identity));
  return { actions, problems };
}

function decideOne(
  snapshot: Snapshot,
  { ref, userMade, body }: WantedNetwork,
  engine: readonly EngineNetwork[],
  { holder, driver }: EngineIdentity,
): NetworkAction | NetworkProblem | undefined {
  const mapping = read<DockerNetworkState>(
    snapshot,
    dockerNetworkKey(ref.tenant, ref.network, ref.group),
  );
  const recorded = mapping === undefined ? [] : idsOf(mapping, holder);
  // A user's is recorded before the engine lists it: while none of them is there, one is being made, or "forget" comes.
  const there = engine.filter((network) => recorded.includes(network.id));
  const users = there.some(isUsers) || there.length === 0 && recorded.length > 0;
  if (userMade && users) return undefined;
  const sameName = engine.filter((network) => network.name === body.Name);
  const ours = sameName.filter((network) => network.driver === driver);
  const found = keeper(ours, (id) => recorded.includes(id)) ?? sameName[0];
  if (found === undefined) return { type: "create", ref, body };
  if (found.driver !== driver) {
    return {
      ref,
      message:
        `network name used by another driver: Docker's network ${body.Name} has the driver ` +
        `${found.driver}, so ${describeRef(ref)} cannot be used by Docker here; ` +
        `remove it: docker network rm ${body.Name}`,
    };
  }
  const other = mappings(snapshot).find((mapping) =>
    idsOf(mapping, holder).includes(found.id) && labelOf(refOf(mapping)) !== labelOf(ref)
  );
  if (other !== undefined && found.labels[MANAGED_LABEL] !== labelOf(ref)) {
    return {
      ref,
      message: `Docker's network ${body.Name} stands for ${describeRef(refOf(other))}, so ` +
        `${describeRef(ref)} cannot be used by Docker here; ` +
        `remove it: docker network rm ${body.Name}`,
    };
  }
  const label = found.labels[MANAGED_LABEL];
  const remove = (why: string) => removal(snapshot, found, holder, why);
  if (label !== undefined && label !== labelOf(ref)) return remove("it was another's");
  if (!sameSubnets(found, body)) return remove("its subnet is another one");
  return recorded.includes(found.id) ? undefined : { type: "record", ref, id: found.id };
}

function sameSubnets(found: EngineNetwork, body: NetworkCreateBody): boolean {
  const canonical = (texts: readonly string[]) =>
    texts.map((text) => {
      const prefix = parsePrefix(text);
      return prefix === undefined ? text : formatPrefix(prefix);
    }).sort().join();
  return canonical(found.subnets) === canonical(body.IPAM.Config.map((pool) => pool.Subnet));
}

/** Networks that we made, by their label, whose object is gone; users' that stood for one that is gone; twins that a race made. */
function superfluous(
  snapshot: Snapshot,
  wanted: ReadonlyMap<string, WantedNetwork>,
  engine: readonly EngineNetwork[],
  { holder, driver }: EngineIdentity,
): NetworkAction[] {
  const recorded = mappings(snapshot);
  const stoodFor = (id: string) => recorded.find((it) => idsOf(it, holder).includes(id));
  return engine.filter((network) => network.driver === driver).flatMap((network) => {
    const mapping = stoodFor(network.id);
    const gone = mapping !== undefined && !exists(snapshot, refOf(mapping));
    if (!isUsers(network)) {
      if (!wanted.has(network.name)) {
        return [removal(snapshot, network, holder, "its network or group is gone")];
      }
      const twins = engine.filter(({ name, driver }) =>
        name === network.name && driver === network.driver
      );
      const standsForIt = (id: string) => {
        const mapping = stoodFor(id);
        return mapping !== undefined && labelOf(refOf(mapping)) === network.labels[MANAGED_LABEL];
      };
      return keeper(twins, standsForIt) === network
        ? []
        : [removal(snapshot, network, holder, "there is another of its name")];
    }
    return gone && !wanted.has(network.name)
      ? [removal(snapshot, network, holder, "its network or group is gone")]
      : [];
  });
}

/** Of networks with one name: a user's, else one that is recorded; every look comes to the same. */
function keeper(
  twins: readonly EngineNetwork[],
  isRecorded: (id: string) => boolean,
): EngineNetwork | undefined {
  const rank = (network: EngineNetwork) =>
    isUsers(network) && isRecorded(network.id) ? 0 : isRecorded(network.id) ? 1 : 2;
  return twins.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))[0];
}

function isUsers({ labels }: EngineNetwork): boolean {
  return !(MANAGED_LABEL in labels);
}

function exists(snapshot: Snapshot, { tenant, network, group }: NetworkRef): boolean {
  if (read(snapshot, networkKey(tenant, network)) === undefined) return false;
  return group === "" || read(snapshot, groupKey(tenant, group)) !== undefined;
}

function removal(
  snapshot: Snapshot,
  { id, name }: EngineNetwork,
  holder: string,
  why: string,
): NetworkAction {
  const mapping = mappings(snapshot).find((mapping) => idsOf(mapping, holder).includes(id));
  return { type: "remove", id, name, why, ref: mapping && refOf(mapping) };
}

/** Records of this holder whose Docker network the engine no longer has. */
function vanished(
  snapshot: Snapshot,
  engine: readonly EngineNetwork[],
  { holder }: EngineIdentity,
): NetworkAction[] {
  const present = new Set(engine.map((network) => network.id));
  return mappings(snapshot).flatMap((mapping) =>
    idsOf(mapping, holder).filter((id) => !present.has(id))
      .map((id): NetworkAction => ({ type: "forget", ref: refOf(mapping), id }))
  );
}
