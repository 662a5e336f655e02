/** What one event costs a host's switch, as the reconciler would apply it, in clusters of two sizes. */
import { deepEqual, ok } from "node:assert/strict";
import type { EndpointState, HostState } from "../model/records.ts";
import { applyPlan, fixedSnapshot } from "../state/fixed_snapshot.ts";
import { endpointKey, hostKey, MASTER_CONFIG } from "../state/keys.ts";
import { put, remove } from "../state/plan.ts";
import type { Snapshot } from "../state/snapshot.ts";
import type { Operation } from "../state/store.ts";
import { DesiredState } from "./desired_state.ts";
import { PipelineLedger } from "./pipeline_ledger.ts";
import {
  endpointRecord,
  masterConfig,
  networkItem,
  networkRecord,
  tenantItem,
  tenantRecord,
} from "./testing/records.ts";

const FACTS = {
  ...{ host: "h0", cluster: "c", datapath: "netdev", mtu: 1450 } as const,
  ...{ vtepAddress: vtep(0), vxlanPort: 4789 },
};
const NETWORK = { ...networkRecord("default", "web", 1), subnetIP: "10.0.0.0", subnetLen: 8 };

function vtep(host: number): string {
  return `192.0.${host >> 8}.${host & 255}`;
}

function hostRecord(host: number): HostState {
  const address = vtep(host);
  const addresses = { controlAddress: address, vtepAddress: address };
  return { id: `h${host}`, identity: `h${host}`, ...addresses, since: 0 };
}

function endpointOn(host: number, number: number): EndpointState {
  const record = endpointRecord(NETWORK, number, `h${host}`);
  const id = `${record.id}-${host}`;
  const last = `${host >> 8}.${host & 255}.${number}`;
  const ends = { ipAddress: `10.${last}`, ipv6Address: "" };
  const bytes = [host >> 8, host & 255, number].map((it) => it.toString(16).padStart(2, "0"));
  return { ...record, ...ends, id, endpointID: id, macAddress: `02:02:0a:${bytes.join(":")}` };
}

class Cluster {
  readonly #desired = new DesiredState(FACTS);
  readonly #ledger = new PipelineLedger();
  #snapshot: Snapshot;

  /** With two endpoints on each host, and one host more without. */
  constructor(mode: "routing" | "bridge", hosts: number) {
    const items: (readonly [string, unknown])[] = [
      [MASTER_CONFIG, { ...masterConfig, "fwd-mode": mode }],
      tenantItem(tenantRecord("default", 1)),
      networkItem(NETWORK),
    ];
    for (let host = 0; host <= hosts; host++) items.push([hostKey(`h${host}`), hostRecord(host)]);
    for (let host = 0; host < hosts; host++) {
      for (const number of [1, 2]) {
        const record = endpointOn(host, number);
        items.push([endpointKey(record.id), record]);
      }
    }
    this.#snapshot = fixedSnapshot(Object.fromEntries(items));
    this.#apply(this.#desired.reset(this.#snapshot));
  }

  /** How many owners are touched, flows set, flows removed, groups set. */
  cost(operation: Operation): readonly number[] {
    const plan = { compares: [], operations: [operation], result: undefined };
    this.#snapshot = applyPlan(this.#snapshot, plan);
    return this.#apply(this.#desired.update(this.#snapshot, [operation.key]));
  }

  #apply(owners: readonly string[]): readonly number[] {
    const wanted = owners.map((owner) => ({
      owner,
      content: {
        flows: this.#desired.flows(owner),
        groups: this.#desired.groups(owner),
        meters: this.#desired.meters(owner),
      },
    }));
    const { add = [], remove = [], setGroups = [] } = this.#ledger.change(wanted) ?? {};
    for (const { owner, content } of wanted) this.#ledger.confirm(owner, content);
    return [owners.length, add.length, remove.length, setGroups.length];
  }
}

const write = (record: EndpointState) => put(endpointKey(record.id), record);

for (const mode of ["routing", "bridge"] as const) {
  Deno.test(`one endpoint or host more or less costs a host in ${mode} mode the same, however many there are`, () => {
    const costs = [3, 300].map((hosts) => {
      const cluster = new Cluster(mode, hosts);
      const here = endpointOn(0, 9), there = endpointOn(1, 9), first = endpointOn(hosts, 1);
      const late = hostRecord(hosts + 1);
      return {
        "endpoint here comes": cluster.cost(write(here)),
        "and goes": cluster.cost(remove(endpointKey(here.id))),
        "endpoint elsewhere comes": cluster.cost(write(there)),
        "and goes again": cluster.cost(remove(endpointKey(there.id))),
        "a host's first endpoint comes": cluster.cost(write(first)),
        "and leaves": cluster.cost(remove(endpointKey(first.id))),
        "host comes": cluster.cost(put(hostKey(late.id), late)),
        "host is down": cluster.cost(put(hostKey(late.id), { ...late, downSince: 1 })),
        "host is gone": cluster.cost(remove(hostKey(late.id))),
      };
    });
    deepEqual(costs[1], costs[0]);
    for (const [what, cost] of Object.entries(costs[0] ?? {})) {
      ok(cost.every((count) => count < 20), `${what}: ${cost}`);
    }
  });
}
