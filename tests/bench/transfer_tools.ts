/**
 * What measures a way between two network namespaces: iperf3 for throughput, sockperf's ping-pong over TCP for requests and their round
 * trips, as netperf's TCP_RR does.
 * @module
 */
import type { Host } from "../lab/host.ts";
import { waitFor } from "../lab/wait.ts";

/** A process's network namespace on a lab host. */
export interface Place {
  readonly host: Host;
  /** Path of its network namespace on that host. */
  readonly netns: string;
}

/** A way for packets, from one place to an address of another. */
export interface Way {
  readonly name: string;
  readonly client: Place;
  readonly server: Place;
  readonly address: string;
}

export interface RoundTrips {
  readonly perSecond: number;
  /** Microseconds. */
  readonly median: number;
  readonly p99: number;
}

const PORT = 11111;
const IPERF_PORT = 5201;
/** As netperf's TCP_RR has 1 byte; sockperf has no fewer than its header. */
const REQUEST_BYTES = 14;

/** Starts both tools' servers; they end with the host. */
export async function serve({ server, address }: Way): Promise<void> {
  const inside = (argv: string[]) => server.host.spawn([...enter(server), ...argv]);
  inside(["iperf3", "--server"]);
  inside(["sockperf", "server", "--tcp", "-i", "0.0.0.0", "-p", String(PORT)]);
  await waitFor(`iperf3 and sockperf to listen on ${address}`, async () => {
    const { stdout } = await run(server, ["ss", "--listening", "--tcp", "--numeric"]);
    return [IPERF_PORT, PORT].every((port) => stdout.includes(`:${port} `));
  });
}

/** Gbit/s that arrive, one TCP connection. */
export async function throughput({ client, address }: Way, seconds: number): Promise<number> {
  const options = ["--time", String(seconds), "--json"];
  const { stdout, stderr } = await run(client, ["iperf3", "--client", address, ...options]);
  const report = JSON.parse(stdout);
  if (report.error) throw new Error(`iperf3 to ${address}: ${report.error} ${stderr}`);
  return report.end.sum_received.bits_per_second / 1e9;
}

/** One request under way at a time, on one TCP connection. */
export async function roundTrips({ client, address }: Way, seconds: number): Promise<RoundTrips> {
  const { stdout, stderr } = await run(client, [
    "sockperf",
    "ping-pong",
    "--tcp",
    "--full-rtt",
    ...["-i", address, "-p", String(PORT), "-m", String(REQUEST_BYTES), "-t", String(seconds)],
  ]);
  const find = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1]);
  const valid = /Valid Duration\] RunTime=([\d.]+) sec; SentMessages=\d+; ReceivedMessages=(\d+)/
    .exec(stdout);
  const result = {
    perSecond: Number(valid?.[2]) / Number(valid?.[1]),
    median: find(/percentile 50\.000 = +([\d.]+)/),
    p99: find(/percentile 99\.000 = +([\d.]+)/),
  };
  if (Object.values(result).every(Number.isFinite)) return result;
  throw new Error(`sockperf to ${address}: ${stdout}${stderr}`);
}

/** The words that run a program in a place, on its host. */
export function enter({ netns }: Place): string[] {
  return ["nsenter", `--net=${netns}`, "--"];
}

function run(place: Place, argv: readonly string[]) {
  return place.host.exec([...enter(place), ...argv], { deadline: 60_000 });
}
