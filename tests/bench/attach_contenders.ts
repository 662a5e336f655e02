/**
 * Ways to give a network namespace an interface with an address and a default route: Contiv, the peers that it is measured beside, and
 * the floor. Runs in a lab host.
 * @module
 */
import { Floor } from "./attach_floor.ts";
import { must } from "./http_request.ts";

export interface Contender extends AsyncDisposable {
  readonly name: string;
  /** Lanes are attached and detached independently of each other, each with a namespace (or container) of its own. */
  attach(lane: number): Promise<void>;
  detach(lane: number): Promise<void>;
}

const PLUGINS = "/usr/lib/cni";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** By the agent's socket, as `contiv ctl endpoint attach` does; resolves when the flows are in force. */
export async function contiv(network: string, lanes: number): Promise<Contender> {
  const namespace = await namespaces("contiv", lanes);
  const socket = "/run/contiv/agent.sock";
  return {
    name: "Contiv",
    attach: async (lane) => {
      await must(socket, "POST", "/v1/endpoints", { network, netns: namespace(lane) });
    },
    detach: async (lane) => {
      await must(socket, "DELETE", `/v1/endpoints/${namespace(lane)}`);
    },
    [Symbol.asyncDispose]: nothing,
  };
}

/** Bare netlink, and one OVSDB transaction that is waited for: what no attachment to Open vSwitch can do without. No flows. */
export async function floor(lanes: number): Promise<Contender> {
  const namespace = await namespaces("floor", lanes);
  const bare = await Floor.open();
  // A port that was attached before has its old number in the floor's memory: nothing would be waited for.
  let next = 0;
  const ports = new Map<number, number>();
  return {
    name: "floor",
    attach: (lane) => {
      const port = next++;
      ports.set(lane, port);
      return bare.attach(port, `/run/netns/${namespace(lane)}`);
    },
    detach: (lane) => bare.detach(ports.get(lane) ?? NaN),
    [Symbol.asyncDispose]: () => bare[Symbol.asyncDispose](),
  };
}

/** A plugin of containernetworking-plugins with host-local addresses, executed as a CNI runtime does. */
export async function cniPlugin(
  type: "bridge" | "ptp",
  subnet: string,
  lanes: number,
): Promise<Contender> {
  const namespace = await namespaces(`cni${type}`, lanes);
  const config = JSON.stringify({
    cniVersion: "0.4.0",
    name: `bench-${type}`,
    type,
    ...(type === "bridge" ? { bridge: "bench-cni", isGateway: true } : {}),
    ipMasq: false,
    ipam: { type: "host-local", ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] },
  });
  const call = (command: string, lane: number) =>
    execute([`${PLUGINS}/${type}`], config, {
      CNI_COMMAND: command,
      CNI_CONTAINERID: namespace(lane),
      CNI_NETNS: `/run/netns/${namespace(lane)}`,
      CNI_IFNAME: "eth0",
      CNI_PATH: PLUGINS,
    });
  return {
    name: `CNI ${type}`,
    attach: (lane) => call("ADD", lane),
    detach: (lane) => call("DEL", lane),
    [Symbol.asyncDispose]: nothing,
  };
}

/** A kernel bridge's port by `ip`: nine processes as in a script, or two that read a batch. */
export async function ipCommands(form: "one each" | "batch", lanes: number): Promise<Contender> {
  const short = form === "batch" ? "b" : "s";
  const bridge = `bench-ip-${short}`;
  const namespace = await namespaces(`ip${short}`, lanes);
  await execute(["ip", "link", "add", bridge, "up", "type", "bridge"]);
  const names = (lane: number) => ({ host: `h${short}${lane}`, peer: `p${short}${lane}` });
  const address = (lane: number) => `10.77.${lane}.2/16`;
  const inside = (lane: number) => ["ip", "-n", namespace(lane)];
  const oneEach = async (lane: number) => {
    const { host, peer } = names(lane);
    await ip(`link add ${host} type veth peer name ${peer}`);
    await ip(`link set ${peer} netns ${namespace(lane)}`);
    await ip(`link set ${host} master ${bridge}`);
    await ip(`link set ${host} up`);
    const ipInside = (words: string) => execute([...inside(lane), ...words.split(" ")]);
    await ipInside(`link set lo up`);
    await ipInside(`link set ${peer} name eth0`);
    await ipInside(`address add ${address(lane)} dev eth0`);
    await ipInside(`link set eth0 up`);
    await ipInside(`route add default via 10.77.255.254`);
  };
  const batch = async (lane: number) => {
    const { host } = names(lane);
    await execute(
      ["ip", "-batch", "-"],
      `link add ${host} type veth peer name eth0 netns ${namespace(lane)}\n` +
        `link set ${host} master ${bridge} up\n`,
    );
    await execute(
      [...inside(lane), "-batch", "-"],
      `link set lo up\naddress add ${address(lane)} dev eth0\nlink set eth0 up\n` +
        `route add default via 10.77.255.254\n`,
    );
  };
  return {
    name: form === "batch" ? "ip -batch" : "ip commands",
    attach: form === "batch" ? batch : oneEach,
    detach: (lane) => ip(`link delete ${names(lane).host}`),
    [Symbol.asyncDispose]: nothing,
  };
}

/** Docker's own bridge driver: a running container is connected by the engine's API, without a client process. */
export async function dockerBridge(image: string, lanes: number): Promise<Contender> {
  const socket = "/run/docker.sock";
  const post = (path: string, body?: unknown) =>
    must(socket, "POST", path, body) as Promise<{ Id: string }>;
  const { Id: network } = await post("/networks/create", {
    Name: "bench",
    Driver: "bridge",
    IPAM: { Config: [{ Subnet: "10.78.0.0/16" }] },
  });
  const containers: string[] = [];
  for (let lane = 0; lane < lanes; lane++) {
    const HostConfig = { NetworkMode: "none", Init: true };
    const { Id } = await post(`/containers/create?name=bench${lane}`, {
      Image: image,
      Cmd: ["sleep", "100000"],
      HostConfig,
    });
    // A container of the network "none" cannot be connected to another: it starts on one of its own.
    await post(`/networks/none/disconnect`, { Container: Id });
    await post(`/containers/${Id}/start`);
    containers.push(Id);
  }
  const call = async (what: string, lane: number) => {
    await post(`/networks/${network}/${what}`, { Container: containers[lane] });
  };
  return {
    name: "Docker bridge",
    attach: (lane) => call("connect", lane),
    detach: (lane) => call("disconnect", lane),
    [Symbol.asyncDispose]: nothing,
  };
}

/** Makes `<prefix><lane>` for each lane; they end with the lab's host. */
async function namespaces(prefix: string, lanes: number): Promise<(lane: number) => string> {
  for (let lane = 0; lane < lanes; lane++) await ip(`netns add ${prefix}${lane}`);
  return (lane) => `${prefix}${lane}`;
}

function ip(words: string): Promise<void> {
  return execute(["ip", ...words.split(" ")]);
}

async function execute(
  [program = "", ...args]: readonly string[],
  input = "",
  env: Record<string, string> = {},
): Promise<void> {
  const child = new Deno.Command(program, {
    args,
    env,
    stdin: input ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input) {
    const writer = child.stdin.getWriter();
    await writer.write(encoder.encode(input));
    await writer.close();
  }
  const { success, stdout, stderr } = await child.output();
  if (success) return;
  const said = decoder.decode(stderr) + decoder.decode(stdout);
  throw new Error(`${program} ${args.join(" ")}: ${said.trim()}`);
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
