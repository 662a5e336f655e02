import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { A, B, DATA, ENDPOINTS, exampleFlows, HOST, WEB } from "./testing/example.ts";
import type { Flow } from "./flow.ts";
import type { PipelineEndpoint, PipelineNetwork } from "./input.ts";
import { baseFlows, endpointFlows, FEATURES, networkFlows } from "./pipeline.ts";
import { TABLE_NAMES, type TableName, TABLES } from "./tables.ts";

Deno.test("pipeline has a constant number of flows for the host, a network and an endpoint", () => {
  const { address6: _, hostAddress6: __, ...onlyIPv4 } = A;
  const { gateway: ___, gateway6: ____, ...isolated } = WEB;
  equal(baseFlows(HOST).length, 53);
  equal(networkFlows(WEB, HOST).length, 6);
  equal(networkFlows(isolated, HOST).length, 2);
  equal(endpointFlows(A, WEB, HOST).length, 18);
  equal(endpointFlows(B, WEB, HOST).length, 14);
  equal(endpointFlows(onlyIPv4, WEB, HOST).length, 9);
});

Deno.test("pipeline never gives two flows the same table, priority and match", () => {
  fc.assert(fc.property(site, ({ networks, endpoints }) => {
    const flows = [
      ...baseFlows(HOST),
      ...networks.flatMap((network) => networkFlows(network, HOST)),
      ...endpoints.flatMap(([endpoint, network]) => endpointFlows(endpoint, network, HOST)),
    ];
    const identities = new Set(flows.map(identity));
    equal(identities.size, flows.length);
  }));
});

Deno.test("pipeline goes only forward, to tables that exist", () => {
  const numbers = new Set<number>(Object.values(TABLES));
  for (const flow of exampleFlows()) {
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

Deno.test("pipeline says in every table what happens to the rest", () => {
  const rest = baseFlows(HOST).filter(({ priority, match }) => priority === 0 && !match.length);
  deepEqual(rest.map(({ table }) => table).sort((a, b) => a - b), numbersOf(TABLE_NAMES));
});

Deno.test("pipeline loads registers before it leaves a table and ends each list of actions once", () => {
  for (const { actions } of exampleFlows()) {
    const ends = actions.filter((action) => /^(goto_table|output|IN_PORT)/.test(action));
    ok(actions.length === 0 || ends.length === 1 && ends[0] === actions.at(-1), `${actions}`);
  }
});

function identity({ table, priority, match }: Flow): string {
  return `${table} ${priority} ${[...match].sort().join(",")}`;
}

function numbersOf(names: readonly TableName[]): number[] {
  return names.map((name) => TABLES[name]).sort((a, b) => a - b);
}

function flowsOf(feature: (typeof FEATURES)[number]): readonly Flow[] {
  return [
    ...feature.base(HOST),
    ...[WEB, DATA].flatMap((network) => feature.network?.(network, HOST) ?? []),
    ...[...ENDPOINTS].flatMap(([endpoint, network]) =>
      feature.endpoint?.(endpoint, network, HOST) ?? []
    ),
  ];
}

/** Any number of tenants with the same subnets in them, with endpoints at any addresses: the gateway's included. */
const site = fc.record({
  tenants: fc.integer({ min: 1, max: 4 }),
  networksEach: fc.integer({ min: 1, max: 3 }),
  hosts: fc.uniqueArray(fc.integer({ min: 1, max: 254 }), { maxLength: 6 }),
  ipv6: fc.boolean(),
  hostAccess: fc.boolean(),
}).map(({ tenants, networksEach, hosts, ipv6, hostAccess }) => {
  const networks: PipelineNetwork[] = [];
  const endpoints: [PipelineEndpoint, PipelineNetwork][] = [];
  for (let vrf = 1; vrf <= tenants; vrf++) {
    for (let third = 1; third <= networksEach; third++) {
      const network = networkAt(vrf, third, ipv6);
      networks.push(network);
      for (const host of hosts) {
        const port = endpoints.length + 1;
        endpoints.push([endpointAt(port, network, third, host, hostAccess), network]);
      }
    }
  }
  return { networks, endpoints };
});

function networkAt(vrf: number, third: number, ipv6: boolean): PipelineNetwork {
  return {
    id: `n${third}.t${vrf}`,
    vrf,
    encapsulation: "vxlan",
    vni: vrf * 100 + third,
    subnet: `10.1.${third}.0/24`,
    gateway: `10.1.${third}.254`,
    ...(ipv6 && { subnet6: `2001:db8:${third}::/64`, gateway6: `2001:db8:${third}::254` }),
  };
}

function endpointAt(
  port: number,
  network: PipelineNetwork,
  third: number,
  host: number,
  hostAccess: boolean,
): PipelineEndpoint {
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return {
    id: `e${port}`,
    port,
    mac: `02:02:0a:01:${hex(third)}:${hex(host)}`,
    address: `10.1.${third}.${host}`,
    ...(network.subnet6 !== undefined && { address6: `2001:db8:${third}::${host}` }),
    vrf: network.vrf,
    group: 0,
    ...(hostAccess && {
      hostAddress: `172.19.${port >> 8}.${port & 255}`,
      hostAddress6: `fdc0:171f:ac13::${port}`,
    }),
  };
}
