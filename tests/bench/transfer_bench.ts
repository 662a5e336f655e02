/**
 * The data path: throughput of one TCP connection, and requests a second with their round trips, Contiv beside one NORMAL flow on the same
 * Open vSwitch (the floor) and Docker's bridge on the same machine, in turns: `deno run -A tests/bench/transfer_bench.ts`. Needs root, Open
 * vSwitch, Docker, iperf3, sockperf and ethtool.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import { Contiv } from "../system/contiv.ts";
import { rounds } from "./ratios.ts";
import { measureWays } from "./transfer_measure.ts";
import { contivWay, dockerBridgeWay, normalWay } from "./transfer_ways.ts";

await using lab = await Lab.create({ name: "transfer" });
const host = await lab.host("a");
const [contiv] = await Promise.all([
  Contiv.start(host, { args: ["--docker-socket=none"], quiet: true }),
  host.startDocker(),
]);
await contiv.ctl("network", "create", "--subnet=10.1.0.0/16", "--gateway=10.1.255.254", "one");
await contiv.ctl("network", "create", "--subnet=10.2.0.0/16", "--gateway=10.2.255.254", "two");
const own = await contivWay(contiv, "Contiv", ["one", "one"]);
const peers = [
  await contivWay(contiv, "Contiv, routed", ["one", "two"]),
  await normalWay(host),
  await dockerBridgeWay(host),
];
await measureWays("same host", own, peers, { floor: "NORMAL", rounds: rounds(3, 1) });
