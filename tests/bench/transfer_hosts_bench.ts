/**
 * The data path between two hosts, inside VXLAN: Contiv beside one NORMAL flow and a tunnel on the same Open vSwitch (the floor), and
 * beside Docker's overlay between two swarm nodes of the same machine, in turns: `deno run -A tests/bench/transfer_hosts_bench.ts`. Needs
 * root, Open vSwitch, Docker, iperf3, sockperf and ethtool.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import type { Host } from "../lab/host.ts";
import { Contiv } from "../system/contiv.ts";
import { rounds } from "./ratios.ts";
import { measureWays } from "./transfer_measure.ts";
import type { Way } from "./transfer_tools.ts";
import { attach, dockerOverlayWay, namespace, plainPort } from "./transfer_ways.ts";

/** Contiv's own is 4789. */
const FLOOR_TUNNEL_PORT = 4790;

await using lab = await Lab.create({ name: "hosts" });
const [a, b, c, d] = [
  await lab.host("a"),
  await lab.host("b"),
  await lab.host("c"),
  await lab.host("d"),
];
await Promise.all([c.startDocker(), d.startDocker()]);
await underlay(a);
await underlay(b);
const own = await contivWay(a, b);
const peers = [await floorWay(a, b), await dockerOverlayWay(c, d)];
await measureWays("two hosts", own, peers, { floor: "NORMAL and VXLAN", rounds: rounds(3, 1) });

/** Userspace tunnels leave by a bridge that holds the tunnel address: the host's link and address move to one. */
async function underlay(host: Host): Promise<void> {
  await host.startOvs();
  const bridge = ["add-br", "underlay", "--", "set", "bridge", "underlay", "datapath_type=netdev"];
  await host.must(["ovs-vsctl", ...bridge, "--", "add-port", "underlay", "eth0"]);
  const [route = ""] = (await host.must(["ip", "route", "show", "default"])).split("\n");
  const [, gateway] = /via ([\d.]+)/.exec(route) ?? [];
  if (!gateway) throw new Error(`host ${host.name} has no default route: ${route}`);
  await host.must(["ethtool", "--offload", "underlay", "tx", "off"]);
  await host.ip([
    "address flush dev eth0",
    `address add ${host.address}/24 dev underlay`,
    "link set underlay up",
    `route add default via ${gateway}`,
  ]);
}

/** Both agents use one embedded store, which processes of one machine may. */
async function contivWay(from: Host, to: Host): Promise<Way> {
  const store = `--store=embedded://${from.directory}/contiv.db`;
  const common = [store, "--docker-socket=none"];
  const start = (host: Host, role: "up" | "plugin") =>
    Contiv.start(host, { role, args: [...common, `--vtep-ip=${host.address}`], quiet: true });
  const first = await start(from, "up");
  await start(to, "plugin");
  await first.ctl("network", "create", "--subnet=10.1.0.0/16", "--gateway=10.1.255.254", "net");
  const [client, server] = [await namespace(from, "own1"), await namespace(to, "own2")];
  await attach(client, "net");
  return { name: "Contiv", client, server, address: await attach(server, "net") };
}

async function floorWay(from: Host, to: Host): Promise<Way> {
  const [client, server] = [await namespace(from, "floor1"), await namespace(to, "floor2")];
  for (const [host, other] of [[from, to], [to, from]] as const) {
    const bridge = ["add-br", "plain", "--", "set", "bridge", "plain", "datapath_type=netdev"];
    await host.must([
      ...["ovs-vsctl", ...bridge, "--", "add-port", "plain", "tunnel"],
      ...["--", "set", "interface", "tunnel", "type=vxlan", `options:remote_ip=${other.address}`],
      ...["options:key=7", `options:dst_port=${FLOOR_TUNNEL_PORT}`],
    ]);
  }
  await plainPort(client, "plain", 1);
  const address = await plainPort(server, "plain", 2);
  return { name: "NORMAL and VXLAN", client, server, address };
}
