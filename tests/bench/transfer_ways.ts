/**
 * Ways between two places of one lab host or of two: the peers and floors that Contiv's data path is measured beside.
 * @module
 */
import type { Host } from "../lab/host.ts";
import { IMAGE } from "../lab/image.ts";
import type { Contiv } from "../system/contiv.ts";
import { must } from "./http_request.ts";
import { enter, type Place, type Way } from "./transfer_tools.ts";

/** Of Contiv's VXLAN networks: the floor has the same, so that segments are equally long. */
const MTU = 1450;

/** Two namespaces that the agent attaches, to one network or to two, which it routes between. */
export async function contivWay(
  contiv: Contiv,
  name: string,
  networks: readonly [string, string],
): Promise<Way> {
  const { host } = contiv;
  const id = name.replace(/[^a-z]/gi, "").slice(0, 10);
  const [client, server] = [await namespace(host, `${id}1`), await namespace(host, `${id}2`)];
  await attach(client, networks[0]);
  return { name, client, server, address: await attach(server, networks[1]) };
}

/** Attaches a namespace by the agent's socket; returns its IPv4 address. */
export async function attach({ host, netns }: Place, network: string): Promise<string> {
  const socket = host.path("/run/contiv/agent.sock");
  await must(socket, "POST", "/v1/endpoints", { network, netns });
  const lines = await host.must([...enter({ host, netns }), "ip", "-o", "-4", "address"]);
  const [, address] = /eth0 +inet ([\d.]+)\//.exec(lines) ?? [];
  if (!address) throw new Error(`${netns} got no address: ${lines}`);
  return address;
}

/** A bridge of the same Open vSwitch, with the one flow that it comes with: NORMAL. */
export async function normalWay(host: Host): Promise<Way> {
  const bridge = ["add-br", "plain", "--", "set", "bridge", "plain", "datapath_type=netdev"];
  await host.must(["ovs-vsctl", ...bridge]);
  const [client, server] = [await namespace(host, "floor1"), await namespace(host, "floor2")];
  await plainPort(client, "plain", 1);
  return { name: "NORMAL", client, server, address: await plainPort(server, "plain", 2) };
}

/** A port like Contiv's own: a veth whose transmit checksums are computed, since the userspace datapath does not; returns its address. */
export async function plainPort(place: Place, bridge: string, number: number): Promise<string> {
  const { host } = place;
  const [link, address] = [`plain${number}`, `10.90.0.${number}`];
  await host.must(["ip", "link", "add", link, "type", "veth", "peer", "name", `${link}p`]);
  await host.must(["ip", "link", "set", `${link}p`, "netns", place.netns]);
  await host.must(["ethtool", "--offload", link, "tx", "off"]);
  await host.ip([`link set ${link} mtu ${MTU} up`]);
  const inside = enter(place);
  await host.must([...inside, "ethtool", "--offload", `${link}p`, "tx", "off"]);
  await host.must([...inside, "ip", "-batch", "-"], {
    stdin: `link set ${link}p name eth0\nlink set eth0 mtu ${MTU} up\n` +
      `address add ${address}/16 dev eth0\n`,
  });
  await host.must(["ovs-vsctl", "add-port", bridge, link]);
  return address;
}

/** Two containers on Docker's default kind of network. */
export async function dockerBridgeWay(host: Host): Promise<Way> {
  await host.must(["docker", "network", "create", "bench-bridge"]);
  const client = await container(host, "bridge1", "bench-bridge");
  const server = await container(host, "bridge2", "bench-bridge");
  return { name: "Docker bridge", client, server, address: server.address };
}

/** A container on each of two swarm nodes, on an attachable overlay network: kernel VXLAN. */
export async function dockerOverlayWay(from: Host, to: Host): Promise<Way> {
  const port = "2377";
  await from.must(["docker", "swarm", "init", "--advertise-addr", from.address]);
  const token = (await from.must(["docker", "swarm", "join-token", "-q", "worker"])).trim();
  await to.must([
    ...["docker", "swarm", "join", "--advertise-addr", to.address],
    ...["--token", token, `${from.address}:${port}`],
  ]);
  await from.must(["docker", "network", "create", "-d", "overlay", "--attachable", "bench-over"]);
  const client = await container(from, "over1", "bench-over");
  const server = await container(to, "over2", "bench-over");
  return { name: "Docker overlay", client, server, address: server.address };
}

/** A named namespace of a host. */
export async function namespace(host: Host, name: string): Promise<Place> {
  await host.must(["ip", "netns", "add", name]);
  return { host, netns: `/run/netns/${name}` };
}

async function container(
  host: Host,
  name: string,
  network: string,
): Promise<Place & { readonly address: string }> {
  const options = ["--detach", "--init", "--name", name, "--network", network];
  await host.must(["docker", "run", ...options, IMAGE, "sleep", "100000"]);
  const format = `{{.State.Pid}} {{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
  const shown = (await host.must(["docker", "inspect", "--format", format, name])).trim();
  const [pid, address = ""] = shown.split(" ");
  return { host, netns: `/proc/${pid}/ns/net`, address };
}
