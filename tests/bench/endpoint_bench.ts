/**
 * How long a container's way onto a network takes, beside Docker's own bridge and a driver that answers at once, in the same run: `deno run -A tests/bench/endpoint_bench.ts
 * [rounds]`. Needs root, Open vSwitch and Docker. Everything runs in a lab host; the store is a file on the machine's disk.
 * @module
 */
import assert from "node:assert/strict";
import { IMAGE } from "../lab/image.ts";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { Contiv } from "../system/contiv.ts";
import { DockerCalls, type DriverEndpoint } from "./docker_calls.ts";
import { must } from "./http_request.ts";
import { note, pause as pauseFor, rounds } from "./ratios.ts";
import { READY_DRIVER, ReadyDriver } from "./ready_driver.ts";
import { printTable, printTimes, Samples } from "./samples.ts";

const [given] = Deno.args.filter((argument) => !argument.startsWith("--"));
const ROUNDS = Number(given ?? rounds(50, 15));
/** Before each measurement: what one operation leaves to the kernel and the daemons is not to be charged to the next. */
const PAUSE_MS = 50;
const PARALLEL = 32;
const PARALLEL_ENDPOINTS = rounds(320, 96);

await using lab = await Lab.create({ name: "bench" });
const host = await lab.host("a");
// What a host of the lab has at /var/lib/contiv is in memory: a commit would cost nothing there. And Contiv is not to follow the engine:
// it would take away what the engine has not asked for.
const store = `--store=embedded://${host.directory}/contiv.db`;
const [contiv] = await Promise.all([
  Contiv.start(host, { args: [store, "--docker-socket=none"], quiet: true }),
  host.startDocker(),
]);
await contiv.ctl("network", "create", "--subnet=10.1.0.0/16", "--gateway=10.1.255.254", "net");
const docker = dockerOf(host);
const agent = host.path("/run/contiv/agent.sock");
const driver = host.path("/run/docker/plugins/netplugin.sock");
const networkId = await docker.createContiv("net", "10.1.0.0/16", "10.1.255.254");
const calls = new DockerCalls(driver, networkId, "net.default|10.1.0.0/16");
const bridgeId = await docker.createBridge("plain");
await using ready = new ReadyDriver(host);
const readyId = await docker.createReady("ready");
const container = await docker.startContainer("box", await docker.createBridge("home"));
for (let at = 0; at < ROUNDS; at++) await host.must(["ip", "netns", "add", `n${at}`]);

await oneByOne();
await inParallel();

/** One of each a round, so that whatever else the machine does strikes all alike. What Contiv made stays until the end. */
async function oneByOne(): Promise<void> {
  const requestAddress = new Samples("RequestAddress");
  const createEndpoint = new Samples("CreateEndpoint");
  const join = new Samples("Join");
  const network = new Samples("CreateEndpoint + Join");
  const whole = new Samples("RequestAddress + CreateEndpoint + Join");
  const removal = new Samples("Leave + DeleteEndpoint + ReleaseAddress");
  const attach = new Samples("attach a namespace (agent socket)");
  const detach = new Samples("detach it");
  const bridge = pairOf("bridge");
  const own = pairOf("Contiv network");
  const floor = pairOf("floor: links made before, answers at once");
  const endpoints: DriverEndpoint[] = [];
  const before = await flowCount(host);
  for (let round = 0; round < ROUNDS; round++) {
    await pause();
    const [address, create, joined] = [new Samples(""), new Samples(""), new Samples("")];
    endpoints.push(
      await whole.measure(() =>
        calls.connect({ requestAddress: address, createEndpoint: create, join: joined })
      ),
    );
    requestAddress.add(address.median);
    createEndpoint.add(create.median);
    join.add(joined.median);
    network.add(create.median + joined.median);
    await pause();
    await attach.measure(() =>
      must(agent, "POST", "/v1/endpoints", { network: "net", netns: `n${round}` })
    );
    await docker.connectAndDisconnect(container, bridgeId, bridge);
    await docker.connectAndDisconnect(container, networkId, own);
    await ready.prepare();
    await docker.connectAndDisconnect(container, readyId, floor);
    await ready.clear();
  }
  const flows = (await flowCount(host) - before) / (2 * ROUNDS);
  for (const [round, endpoint] of endpoints.entries()) {
    await pause();
    await removal.measure(() => calls.disconnect(endpoint));
    await pause();
    await detach.measure(() => must(agent, "DELETE", `/v1/endpoints/n${round}`));
  }
  noteRatios(whole, removal, own, { bridge, floor });
  printTimes(
    `One at a time, 0 to ${2 * ROUNDS} endpoints present, ${flows.toFixed(2)} flows each`,
    [
      { samples: requestAddress },
      { samples: createEndpoint, original: 327 },
      { samples: join },
      { samples: network, peer: bridge.connect },
      { samples: whole, peer: bridge.connect, original: 338 },
      { samples: removal, peer: bridge.disconnect, original: 45 },
      { samples: attach },
      { samples: detach },
      { samples: own.connect, peer: bridge.connect },
      { samples: own.disconnect, peer: bridge.disconnect },
      { samples: floor.connect, peer: bridge.connect },
      { samples: floor.disconnect, peer: bridge.disconnect },
      { samples: bridge.connect },
      { samples: bridge.disconnect },
    ],
  );
}

/** "Docker attach" is what the driver takes of one, and the engine's whole call. */
function noteRatios(
  driver: Samples,
  removal: Samples,
  own: Pair,
  { bridge, floor }: { bridge: Pair; floor: Pair },
): void {
  const ratio = (a: Samples, b: Samples) => a.median / b.median;
  const connect = "÷ docker network connect of the bridge";
  const disconnect = "÷ docker network disconnect of the bridge";
  note(`driver's calls of a connect ${connect}`, ratio(driver, bridge.connect), "lower", 1);
  note(
    `driver's calls of a disconnect ${disconnect}`,
    ratio(removal, bridge.disconnect),
    "lower",
    1,
  );
  note(`docker network connect ${connect}`, ratio(own.connect, bridge.connect), "lower", 1);
  note(
    `docker network disconnect ${disconnect}`,
    ratio(own.disconnect, bridge.disconnect),
    "lower",
    1,
  );
  const nothing = "÷ the same with a driver that answers at once";
  note(`docker network connect ${nothing}`, ratio(own.connect, floor.connect), "lower");
  note(`a driver that answers at once ${connect}`, ratio(floor.connect, bridge.connect), "lower");
}

async function inParallel(): Promise<void> {
  const creation = new Samples("creation");
  const removal = new Samples("removal");
  let todo = PARALLEL_ENDPOINTS;
  const endpoints: DriverEndpoint[] = [];
  const created = await lanes(async () => {
    while (todo-- > 0) endpoints.push(await creation.measure(() => calls.connect()));
  });
  assert.equal(new Set(endpoints.map(({ address }) => address)).size, PARALLEL_ENDPOINTS);
  assert.equal(new Set(endpoints.map(({ link }) => link)).size, PARALLEL_ENDPOINTS);
  const left = [...endpoints];
  const removed = await lanes(async () => {
    for (let one = left.pop(); one; one = left.pop()) {
      const endpoint = one;
      await removal.measure(() => calls.disconnect(endpoint));
    }
  });
  const line = (samples: Samples, elapsed: number, original: number) => [
    samples.name,
    String(samples.count),
    (samples.count * 1000 / elapsed).toFixed(0),
    String(original),
    samples.median.toFixed(0),
    samples.quantile(0.99).toFixed(0),
  ];
  printTable(
    `${PARALLEL} at a time: RequestAddress + CreateEndpoint + Join; no error, no address or port twice`,
    [
      ["", "n", "per second", "original", "median ms", "p99 ms"],
      line(creation, created, 3.1),
      line(removal, removed, 32),
    ],
  );
}

/** Runs `PARALLEL` of `work` and returns how long all took, in milliseconds. */
async function lanes(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return performance.now() - start;
}

interface Pair {
  readonly connect: Samples;
  readonly disconnect: Samples;
}

function pairOf(network: string): Pair {
  return {
    connect: new Samples(`docker network connect, ${network}`),
    disconnect: new Samples(`docker network disconnect, ${network}`),
  };
}

/** The engine's API, without a client process. */
function dockerOf(host: Host) {
  const socket = host.path("/run/docker.sock");
  const post = (path: string, body: unknown) =>
    must(socket, "POST", path, body) as Promise<{ Id: string }>;
  return {
    createContiv: async (name: string, subnet: string, gateway: string) => {
      const names = { tenant: "default", network: name };
      const ipam = {
        Driver: "netplugin",
        Options: names,
        Config: [{ Subnet: subnet, Gateway: gateway }],
      };
      const body = { Name: name, Driver: "netplugin", IPAM: ipam, Options: names };
      return (await post("/networks/create", body)).Id;
    },
    createReady: async (name: string) => {
      const ipam = {
        Driver: READY_DRIVER,
        Config: [{ Subnet: "10.77.0.0/24", Gateway: "10.77.0.1" }],
      };
      return (await post("/networks/create", { Name: name, Driver: READY_DRIVER, IPAM: ipam })).Id;
    },
    createBridge: async (name: string) =>
      (await post("/networks/create", { Name: name, Driver: "bridge" })).Id,
    startContainer: async (name: string, network: string) => {
      const { Id } = await post(`/containers/create?name=${name}`, {
        Image: IMAGE,
        Cmd: ["sleep", "100000"],
        HostConfig: { NetworkMode: network, Init: true },
      });
      await post(`/containers/${Id}/start`, undefined);
      return Id;
    },
    connectAndDisconnect: async (container: string, network: string, times: Pair) => {
      const body = { Container: container };
      await pause();
      await times.connect.measure(() => post(`/networks/${network}/connect`, body));
      await pause();
      await times.disconnect.measure(() => post(`/networks/${network}/disconnect`, body));
    },
  };
}

function pause(): Promise<void> {
  return pauseFor(PAUSE_MS);
}

async function flowCount(host: Host): Promise<number> {
  return Number(
    /flow_count=(\d+)/.exec(await host.must(["ovs-ofctl", "dump-aggregate", "contiv0"]))?.[1],
  );
}
