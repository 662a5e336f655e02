import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Cluster } from "./cluster.ts";

const NETWORK = ["network", "create", "--subnet=10.1.2.0/24", "--gateway=10.1.2.254", "net"];

Deno.test("containers of two hosts reach each other over an IPv6 underlay, with packets as large as their MTU", async () => {
  await using lab = await Lab.create({ name: "twosix" });
  const cluster = await Cluster.start(lab, 2, {
    agent: (host) => [`--vtep-ip=${host.address6}`, "--vxlan-port=8472"],
  });
  await cluster.ctl(...NETWORK);
  const web = await cluster.attach(0, "web", "--network=net");
  await cluster.attach(1, "db", "--network=net");
  await web.mustReach("10.1.2.2");
  assert.match(await web.must(["ip", "link", "show", "eth0"]), /mtu 1430 /);
  // 20 bytes of IPv4 and 8 of ICMP are added.
  await web.must(["ping", "-c", "1", "-W", "2", "-M", "do", "-s", String(1430 - 28), "10.1.2.2"]);
});

Deno.test("a host whose underlay cannot tunnel says what to do, and its own containers reach each other", async () => {
  await using lab = await Lab.create({ name: "plainlink" });
  const cluster = await Cluster.start(lab, 2, { plainUnderlay: true });
  await cluster.ctl(...NETWORK);
  const web = await cluster.attach(0, "web", "--network=net");
  await cluster.attach(0, "near", "--network=net");
  await web.mustReach("10.1.2.2");
  const { agent } = cluster.member(0);
  await waitFor(
    "the advice in the log",
    () => /ovs-vsctl add-br br-underlay/.test(agent.tail(8000)),
  );
});
