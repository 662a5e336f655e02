import { equal, match, ok } from "node:assert/strict";
import { ROUTER_MAC } from "../../mod/net/mac.ts";
import type { PipelineEndpoint } from "../../mod/pipeline/input.ts";
import { TABLES } from "../../mod/pipeline/tables.ts";
import { A, ACCESS, B, C, D, E, exampleFlows } from "../../mod/pipeline/testing/example.ts";
import { waitFor } from "../lab/wait.ts";
import { OUTSIDE, PipelineLab } from "./pipeline_lab.ts";
import { transferBetween } from "./transfer_between.ts";

type Place = PipelineEndpoint | "outside" | "host";
type Reach = readonly [what: string, from: Place, to: string];

const REACHABLE: readonly Reach[] = [
  ["a neighbour", A, B.address],
  ["a neighbour over IPv6", A, `${B.address6}`],
  ["another network of the tenant", A, C.address],
  ["another network of the tenant over IPv6", A, `${C.address6}`],
  ["a neighbour in a tenant with the same addresses", D, E.address],
  ["a neighbour in a tenant with the same addresses over IPv6", D, `${E.address6}`],
  ["the gateway", A, "10.1.1.254"],
  ["the gateway over IPv6", A, "2001:db8:1::fe"],
  ["the gateway of another network", A, "10.1.2.254"],
  ["the gateway of another network over IPv6", A, "2001:db8:2::fe"],
  ["the host", A, ACCESS.address],
  ["the host over IPv6", A, ACCESS.address6],
  ["the outside", A, OUTSIDE.address],
  ["the outside over IPv6", A, OUTSIDE.address6],
  ["the outside from the other tenant's same address", D, OUTSIDE.address],
  ["a container from the host", "host", `${A.hostAddress}`],
  ["a container from the host over IPv6", "host", `${A.hostAddress6}`],
  ["the other tenant's same address from the host", "host", `${D.hostAddress}`],
];

const UNREACHABLE: readonly Reach[] = [
  ["another tenant", A, E.address],
  ["another tenant over IPv6", A, `${E.address6}`],
  ["another tenant's network", D, C.address],
  ["nobody", A, "10.1.1.77"],
  ["another tenant by its private address", A, `${D.hostAddress}`],
  ["another tenant by its private address over IPv6", A, `${D.hostAddress6}`],
  ["the outside without a way out", B, OUTSIDE.address],
  ["the outside without a way out over IPv6", B, OUTSIDE.address6],
  ["a container without a way out from the host", "host", "172.19.0.2"],
];

Deno.test("pipeline carries real packets", async (t) => {
  await using lab = await PipelineLab.start();

  await t.step("to whom they may go", async () => {
    for (const [what, from, to] of REACHABLE) ok(await ping(lab, from, to), what);
  });
  await t.step("and to nobody else", async () => {
    const reached = await Promise.all(UNREACHABLE.map(([, from, to]) => ping(lab, from, to)));
    UNREACHABLE.forEach(([what], index) => ok(!reached[index], what));
  });
  await t.step("in fragments, too", async () => {
    for (const to of [B.address, `${B.address6}`, OUTSIDE.address, OUTSIDE.address6]) {
      ok(await ping(lab, A, to, "-s", "4000"), to);
    }
  });
  await t.step("with neighbours that all have the router's MAC", async () => {
    const neighbours = await lab.must(A, ["ip", "neighbour"]);
    match(neighbours, new RegExp(`^${B.address} .* ${ROUTER_MAC}`, "m"));
    match(neighbours, new RegExp(`^2001:db8:1::fe .* ${ROUTER_MAC} router`, "m"));
    match(neighbours, new RegExp(`^${B.address6} .* ${ROUTER_MAC} (?!router)`, "m"));
    match(neighbours, /^10\.1\.1\.77 .* (FAILED|INCOMPLETE)/m);
  });
  await t.step("and whole TCP streams with good checksums", async () => {
    await transfer(lab, A, B, B.address);
    await transfer(lab, A, C, `${C.address6}`);
    await transfer(lab, A, "outside", OUTSIDE.address);
    await transfer(lab, A, "outside", OUTSIDE.address6);
    await transfer(lab, "host", D, "0.0.0.0", D.hostAddress);
    await transfer(lab, "host", D, "::", D.hostAddress6);
  });
  await t.step("but not those of a container that pretends to be another", async () => {
    await spoofs(lab);
  });
  await t.step("and leaves duplicate address detection to find what it should", async () => {
    await detectsDuplicates(lab);
  });
  await t.step("on open connections, once a killed switch has its flows back", async () => {
    await survivesRestart(lab, B, B.address);
    await survivesRestart(lab, "outside", OUTSIDE.address);
  });
});

async function ping(
  lab: PipelineLab,
  from: Place,
  to: string,
  ...options: string[]
): Promise<boolean> {
  const { code } = await lab.run(from, ["ping", "-n", "-c1", "-W1", ...options, to]);
  return code === 0;
}

function transfer(
  lab: PipelineLab,
  from: Place,
  to: Place,
  address: string,
  target = address,
  bytes = 2_000_000,
): Promise<void> {
  return transferBetween(lab.namespaceOf(from), lab.namespaceOf(to), { address, target, bytes });
}

/** The switch must not have forwarded a single packet to B, whatever A tried; answers that never come would prove less. */
async function spoofs(lab: PipelineLab): Promise<void> {
  ok(await ping(lab, A, B.address) && await ping(lab, A, `${B.address6}`));
  const toB = async () =>
    await lab.packets(TABLES.l3_forward, `nw_dst=${B.address} `) +
    await lab.packets(TABLES.l3_forward, `ipv6_dst=${B.address6} `);
  const refused = () => lab.packets(TABLES.spoof_guard, "priority=0 ");
  const before = await toB();
  const refusedBefore = await refused();

  for (const [address, length, to] of [[C.address, 32, B.address], [C.address6, 128, B.address6]]) {
    const nodad = length === 128 ? ["nodad"] : [];
    const other = ["address", "add", `${address}/${length}`, "dev", "lo", ...nodad];
    await lab.must(A, ["ip", ...other]);
    ok(!await ping(lab, A, `${to}`, "-I", `${address}`));
    await lab.must(A, ["ip", "address", "del", `${address}/${length}`, "dev", "lo"]);
  }
  await lab.must(A, ["ip", "link", "set", "eth0", "address", B.mac]);
  ok(!await ping(lab, A, B.address));
  await lab.must(A, ["ip", "link", "set", "eth0", "address", A.mac]);

  equal(await toB(), before);
  ok(await refused() >= refusedBefore + 3);
  await waitFor("the honest container to be heard again", () => ping(lab, A, B.address));
}

/** An endpoint may take its own address, and learns that its neighbour's is taken. */
async function detectsDuplicates(lab: PipelineLab): Promise<void> {
  const address = (verb: string, what: string) =>
    lab.must(A, ["ip", "address", verb, `${what}/64`, "dev", "eth0"]);
  const state = async (what: string) => {
    const text = await lab.must(A, ["ip", "-o", "address", "show", "dev", "eth0", "to", what]);
    return /dadfailed/.test(text) ? "duplicate" : /tentative/.test(text) ? undefined : "valid";
  };
  await address("del", `${A.address6}`);
  await address("add", `${A.address6}`);
  await address("add", `${B.address6}`);
  equal(await waitFor("the own address", () => state(`${A.address6}`)), "valid");
  equal(await waitFor("the neighbour's address", () => state(`${B.address6}`)), "duplicate");
  await address("del", `${B.address6}`);
}

/** Kills the switch in the middle of a transfer, which must then go on to its good end. */
async function survivesRestart(lab: PipelineLab, to: Place, address: string): Promise<void> {
  const received = () => lab.packets(TABLES.output, "REG4");
  const before = await received();
  let done = false;
  const stream = transfer(lab, A, to, address, address, 150_000_000).finally(() => done = true);
  await waitFor("the transfer to be under way", async () => await received() > before + 1000);
  await lab.ovs.killVswitchd();
  equal(done, false, "the transfer ended before the switch was killed: make it longer");
  await lab.ovs.startVswitchd();
  await lab.addFlows(exampleFlows());
  await stream;
}
