import { deepEqual, equal, match, ok } from "node:assert/strict";
import { ROUTER_MAC } from "../../mod/net/mac.ts";
import {
  DATA2,
  type Placed,
  RED1,
  RED2,
  ROUTING,
  WEB1,
  WEB2,
  WEB3,
} from "../../mod/pipeline/testing/cluster.ts";
import { RED, WEB } from "../../mod/pipeline/testing/example.ts";
import { hex } from "../../mod/pipeline/registers.ts";
import { TABLES } from "../../mod/pipeline/tables.ts";
import { ClusterLab, type Underlay, UNDERLAY4, UNDERLAY6 } from "./cluster_lab.ts";
import { transferBetween } from "./transfer_between.ts";

const REACHABLE: readonly (readonly [what: string, from: Placed, to: Placed])[] = [
  ["a neighbour on another host", WEB1, WEB2],
  ["a neighbour on the third host", WEB1, WEB3],
  ["a neighbour, back", WEB3, WEB1],
  ["another network of the tenant", WEB1, DATA2],
  ["the tenant's first network from the other", DATA2, WEB3],
  ["a neighbour in a tenant with the same addresses", RED1, RED2],
];

for (const [name, underlay] of Object.entries({ IPv4: UNDERLAY4, IPv6: UNDERLAY6 })) {
  Deno.test(`hosts in routing mode carry packets to each other over ${name}`, (t) =>
    carry(t, underlay));
}

async function carry(t: Deno.TestContext, underlay: Underlay): Promise<void> {
  await using lab = await ClusterLab.start(ROUTING, underlay);
  const two = lab.host("two");

  await t.step("to whom they may go, in either family", async () => {
    for (const [what, from, { endpoint }] of REACHABLE) {
      for (const to of [endpoint.address, `${endpoint.address6}`]) {
        ok(await ping(lab, from, to), `${what}: ${to}`);
      }
    }
  });
  await t.step("and not to another tenant", async () => {
    const targets = [DATA2.endpoint.address, `${DATA2.endpoint.address6}`, WEB3.endpoint.address];
    const reached = await Promise.all(targets.map((to) => ping(lab, RED1, to)));
    deepEqual(reached, [false, false, false]);
  });
  await t.step("each tenant's under its own VNI, where their addresses are the same", async () => {
    const arrived = ({ vni }: { vni: number }) => two.packets(TABLES.tunnel, `tun_id=${hex(vni)} `);
    const before = [await arrived(WEB), await arrived(RED)];
    equal(RED2.endpoint.address, WEB2.endpoint.address);
    ok(await ping(lab, RED1, RED2.endpoint.address));
    equal(await arrived(WEB), before[0]);
    equal(await arrived(RED), Number(before[1]) + 1);
  });
  await t.step("with the group of the sender", async () => {
    const seen = () => two.packets(TABLES.source_group, `nw_src=${WEB1.endpoint.address} `);
    const before = await seen();
    ok(await ping(lab, WEB1, WEB2.endpoint.address));
    // WEB1 and RED1 have one address and two groups: two flows.
    equal(await seen(), before + 1);
  });
  await t.step("under the router's MAC", async () => {
    const neighbours = await lab.must(WEB1, ["ip", "neighbour"]);
    match(neighbours, new RegExp(`^${WEB2.endpoint.address} .* ${ROUTER_MAC}`, "m"));
    match(neighbours, new RegExp(`^${WEB2.endpoint.address6} .* ${ROUTER_MAC}`, "m"));
  });
  await t.step("in fragments, too", async () => {
    for (const to of [WEB2.endpoint.address, `${WEB2.endpoint.address6}`]) {
      ok(await ping(lab, WEB1, to, "-s", "4000"), to);
    }
  });
  await t.step("as whole TCP streams", async () => {
    for (const address of [WEB2.endpoint.address, `${WEB2.endpoint.address6}`]) {
      const namespaces = [lab.namespaceOf(WEB1), lab.namespaceOf(WEB2)] as const;
      await transferBetween(...namespaces, { address, bytes: 20_000_000 });
    }
  });
  await t.step("but not from a host that is no peer", async () => {
    await lab.programHost("two", ROUTING, ["three"]);
    const refused = () => two.packets(TABLES.classify, "priority=90,");
    equal(await refused(), 0);
    ok(!await ping(lab, WEB3, WEB2.endpoint.address));
    equal(await refused(), 1);
    ok(await ping(lab, WEB1, WEB2.endpoint.address));
  });
}

async function ping(
  lab: ClusterLab,
  from: Placed,
  to: string,
  ...options: string[]
): Promise<boolean> {
  return (await lab.run(from, ["ping", "-n", "-c1", "-W2", ...options, to])).code === 0;
}
