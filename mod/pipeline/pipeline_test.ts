import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  BRIDGE,
  BRIDGE_FLOOD,
  hostPipeline,
  HOSTS,
  ROUTING,
  TUNNEL_PORT,
} from "./testing/cluster.ts";
import { A, B, exampleFlows, HOST, LAN, WEB } from "./testing/example.ts";
import { site } from "./testing/site.ts";
import type { Flow } from "./flow.ts";
import type { PipelineHost } from "./input.ts";
import {
  baseFlows,
  endpointFlows,
  FEATURES,
  floodGroups,
  networkFlows,
  peerFlows,
  remoteEndpointFlows,
} from "./pipeline.ts";
import { TABLE_NAMES, type TableName, TABLES } from "./tables.ts";

const MODES: Readonly<Record<string, PipelineHost>> = {
  "routing on one host": HOST,
  routing: ROUTING,
  bridge: BRIDGE,
  "bridge with flooded ARP": BRIDGE_FLOOD,
};
const VTEPS = { one: "192.0.2.1", two: "fd00:9::2", three: "192.0.2.3" };
const PEER = { host: "two", vtep: VTEPS.two };
const REMOTE = { ...B, vtep: VTEPS.two };

Deno.test("pipeline has a constant number of flows for the host and each of its parts", () => {
  const { address6: _, hostAddress6: __, ...onlyIPv4 } = A;
  const { gateway: ___, gateway6: ____, ...isolated } = WEB;
  const counts = Object.fromEntries(
    Object.entries(MODES).map(([name, host]) => [name, {
      base: baseFlows(host).length,
      network: [WEB, isolated].map((network) => networkFlows(network, host).length),
      endpoint: [A, B, onlyIPv4].map((endpoint) => endpointFlows(endpoint, WEB, host).length),
      peer: peerFlows(PEER, host).length,
      remote: [REMOTE, { ...REMOTE, group: 0 }]
        .map((remote) => remoteEndpointFlows(remote, WEB, host).length),
    }]),
  );
  deepEqual(counts, {
    "routing on one host": {
      base: 56,
      network: [14, 2],
      endpoint: [18, 14, 9],
      peer: 0,
      remote: [0, 0],
    },
    routing: { base: 60, network: [15, 3], endpoint: [18, 14, 9], peer: 1, remote: [6, 4] },
    bridge: { base: 53, network: [2, 2], endpoint: [19, 19, 7], peer: 1, remote: [4, 3] },
    "bridge with flooded ARP": {
      base: 53,
      network: [2, 2],
      endpoint: [15, 15, 5],
      peer: 1,
      remote: [2, 1],
    },
  });
});

Deno.test("pipeline never gives two flows the same table, priority and match", () => {
  for (const host of Object.values(MODES)) {
    fc.assert(fc.property(site, ({ networks, endpoints, remotes, peers }) => {
      const flows = [
        ...baseFlows(host),
        ...networks.flatMap((network) => networkFlows(network, host)),
        ...endpoints.flatMap(([endpoint, network]) => endpointFlows(endpoint, network, host)),
        ...peers.flatMap((peer) => peerFlows(peer, host)),
        ...remotes.flatMap(([remote, network]) => remoteEndpointFlows(remote, network, host)),
      ];
      const identities = new Set(flows.map(identity));
      equal(identities.size, flows.length);
    }));
  }
});

Deno.test("pipeline goes only forward, to tables that exist", () => {
  const numbers = new Set<number>(Object.values(TABLES));
  for (const flow of everyFlow()) {
    for (const [, next] of flow.actions.join(" ").matchAll(/goto_table:(\d+)/g)) {
      ok(Number(next) > flow.table && numbers.has(Number(next)), JSON.stringify(flow));
    }
  }
});

Deno.test("pipeline gives every table to exactly one feature, which writes to no other", () => {
  const owned = FEATURES.flatMap((feature) => feature.tables);
  deepEqual([...owned].sort(), [...TABLE_NAMES].sort());
  for (const feature of FEATURES) {
    const own = new Set<number>(feature.tables.map((name) => TABLES[name]));
    for (const flow of flowsOf(feature)) ok(own.has(flow.table), JSON.stringify(flow));
  }
});

Deno.test("pipeline lists its features in the order of their first tables", () => {
  const first = FEATURES.map(({ tables }) => Math.min(...tables.map((name) => TABLES[name])));
  deepEqual(first, [...first].sort((a, b) => a - b));
});

Deno.test("pipeline says in every table what happens to the rest", () => {
  for (const host of Object.values(MODES)) {
    const rest = baseFlows(host).filter(({ priority, match }) => priority === 0 && !match.length);
    deepEqual(rest.map(({ table }) => table).sort((a, b) => a - b), numbersOf(TABLE_NAMES));
  }
});

Deno.test("pipeline loads registers before it leaves a table and ends each list of actions once", () => {
  for (const { actions } of everyFlow()) {
    const ends = actions.filter((action) =>
      /^(goto_table|output|group|IN_PORT|NORMAL)/.test(action)
    );
    ok(actions.length === 0 || ends.length === 1 && ends[0] === actions.at(-1), `${actions}`);
  }
});

Deno.test("pipeline refers to no group but the network's own, and to none in routing mode", () => {
  for (const host of [ROUTING, BRIDGE, BRIDGE_FLOOD]) {
    for (const name of HOSTS) {
      const { flows, groups } = hostPipeline(name, host, VTEPS);
      const used = flows.flatMap(({ actions }) => actions)
        .filter((action) => action.startsWith("group:"));
      deepEqual(used, groups.map(({ id }) => `group:${id}`));
      equal(groups.length === 0, host.forwarding === "routing");
    }
  }
});

Deno.test("pipeline floods to a network's ports here, and by tunnel to the other hosts that have it", () => {
  const flood = { network: WEB, ports: [1, 2], vteps: [VTEPS.two, VTEPS.three] };
  const toHere = [{ actions: ["output:1"] }, { actions: ["output:2"] }];
  const elsewhere = ["fd00:9::2->tun_ipv6_dst", "192.0.2.3->tun_dst"].map((destination) => ({
    actions: ["set_field:0x2711->tun_id", `set_field:${destination}`, `output:${TUNNEL_PORT}`],
  }));
  const group = { id: 0x100_0000 + WEB.vni, type: "all" };
  deepEqual(floodGroups(flood, BRIDGE), [{ ...group, buckets: [...toHere, ...elsewhere] }]);
  const { tunnelPort: _, ...alone } = BRIDGE;
  deepEqual(floodGroups(flood, alone), [{ ...group, buckets: toHere }]);
  deepEqual(floodGroups(flood, ROUTING), []);
});

function everyFlow(): readonly Flow[] {
  return [
    ...exampleFlows(),
    ...[ROUTING, BRIDGE, BRIDGE_FLOOD].flatMap((host) =>
      HOSTS.flatMap((name) => hostPipeline(name, host, VTEPS).flows)
    ),
    ...networkFlows(LAN, BRIDGE),
  ];
}

function identity({ table, priority, match }: Flow): string {
  return `${table} ${priority} ${[...match].sort().join(",")}`;
}

function numbersOf(names: readonly TableName[]): number[] {
  return names.map((name) => TABLES[name]).sort((a, b) => a - b);
}

function flowsOf(feature: (typeof FEATURES)[number]): readonly Flow[] {
  return [ROUTING, BRIDGE].flatMap((host) => [
    ...feature.base(host),
    ...feature.network?.(WEB, host) ?? [],
    ...feature.network?.(LAN, host) ?? [],
    ...feature.endpoint?.(A, WEB, host) ?? [],
    ...feature.peer?.(PEER, { ...host, tunnelPort: TUNNEL_PORT }) ?? [],
    ...feature.remote?.(REMOTE, WEB, { ...host, tunnelPort: TUNNEL_PORT }) ?? [],
  ]);
}
