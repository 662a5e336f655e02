/**
 * Contiv with many endpoints, each with its links and its port: making them, one more, start, memory, processor time at rest, and `ctl`:
 * `deno run -A tests/bench/scale_bench.ts [endpoints]`. Needs root and Open vSwitch.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "../system/contiv.ts";
import { DockerCalls, type DriverEndpoint } from "./docker_calls.ts";
import { request } from "./http_request.ts";
import { note, pause, rounds } from "./ratios.ts";
import { milliseconds, printTimes, Samples } from "./samples.ts";

const [given] = Deno.args.filter((argument) => !argument.startsWith("--"));
const ENDPOINTS = Number(given ?? rounds(1000, 100));
const PARALLEL = 16;
const ROUNDS = rounds(10, 5);
/** Before one more endpoint: ovs-vswitchd is done with the one before. */
const PAUSE_MS = 300;
const REST_MS = rounds(5000, 2000);
const MS_PER_TICK = 10;
/** Percent of one processor; what rests below counts as `REST_FINEST`, so that the limit made from it is the target. */
const REST_TARGET = 1;
const REST_FINEST = 0.8;

await scale();

async function scale(): Promise<void> {
  await using lab = await Lab.create({ name: "scale" });
  const host = await lab.host("a");
  await host.startOvs();
  const store = `--store=embedded://${host.directory}/contiv.db`;
  const contiv = await Contiv.start(host, { args: [store, "--docker-socket=none"], quiet: true });
  await contiv.ctl("network", "create", "--subnet=10.1.0.0/16", "--gateway=10.1.255.254", "net");
  const socket = host.path("/run/docker/plugins/netplugin.sock");
  const calls = await DockerCalls.onNetwork(socket, "net", "10.1.0.0/16");

  await starts(`start, 0 endpoints`);
  console.log(`resident memory, 0 endpoints: ${residentMiB()} MiB`);
  const ctl = new Samples("contiv ctl network ls, from source, whole process");
  const bare = new Samples("deno running an empty program");
  const empty = await Deno.makeTempFile({ suffix: ".ts" });
  for (let round = 0; round < ROUNDS; round++) {
    await ctl.measure(() => contiv.ctl("network", "ls"));
    await bare.measure(() => host.must([Deno.execPath(), "run", "--quiet", empty]));
  }
  await Deno.remove(empty);
  printTimes("Command line", [{ samples: ctl, original: 4 }, { samples: bare }]);
  note("contiv ctl network ls ÷ Deno's own start", ctl.median / bare.median, "lower");

  let todo = ENDPOINTS;
  const each = new Samples(`creation, ${PARALLEL} at a time`);
  const elapsed = await milliseconds(() =>
    Promise.all(Array.from({ length: PARALLEL }, async () => {
      while (todo-- > 0) await each.measure(() => calls.connect());
    }))
  );
  const links = (await host.must(["ip", "-o", "link", "show", "type", "veth"])).match(/ vvport/g);
  const ports = (await host.must(["ovs-vsctl", "list-ports", "contiv0"])).match(/vvport/g);
  console.log(
    `\n${ENDPOINTS} endpoints in ${
      (elapsed / 1000).toFixed(1)
    } s (the original: 343 s for 1,000), ` +
      `${links?.length} links, ${ports?.length} ports`,
  );
  console.log(`resident memory, ${ENDPOINTS} endpoints: ${residentMiB()} MiB`);
  const [one, gone] = [
    new Samples("RequestAddress + CreateEndpoint + Join"),
    new Samples("Leave + DeleteEndpoint + ReleaseAddress"),
  ];
  for (let round = 0; round < ROUNDS; round++) {
    await pause(PAUSE_MS);
    const endpoint: DriverEndpoint = await one.measure(() => calls.connect());
    await pause(PAUSE_MS);
    await gone.measure(() => calls.disconnect(endpoint));
  }
  printTimes(`One more endpoint, ${ENDPOINTS} present`, [{ samples: each }, { samples: one }, {
    samples: gone,
  }]);
  const before = processorTime();
  await pause(REST_MS);
  const share = (processorTime() - before) / REST_MS * 100;
  console.log(`processor at rest, ${ENDPOINTS} endpoints: ${share.toFixed(1)} % of one`);
  const rest = `processor at rest, % of one, up with ${ENDPOINTS} wired endpoints`;
  note(rest, Math.max(share, REST_FINEST), "lower", REST_TARGET);
  await starts(`start, ${ENDPOINTS} endpoints`);
  console.log(`resident memory after the start: ${residentMiB()} MiB`);
  await contiv.stop();

  /** From the start of the process to the first answer on Docker's socket, and until the host is as the store says. */
  async function starts(title: string): Promise<void> {
    const answer = new Samples("first answer (Plugin.Activate)");
    const ready = new Samples("ready (healthz)");
    for (let round = 0; round < 3; round++) {
      await contiv.stop();
      const start = performance.now();
      contiv.launch();
      await waitFor("an answer", async () => {
        const reply = await request(socket, "POST", "/Plugin.Activate");
        return reply.status === 200;
      }, 30_000);
      answer.add(performance.now() - start);
      await contiv.ready(60_000);
      ready.add(performance.now() - start);
    }
    printTimes(title, [{ samples: answer }, { samples: ready }]);
  }

  function residentMiB(of = contiv): string {
    const status = Deno.readTextFileSync(`/proc/${of.pid}/status`);
    return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024).toFixed(0);
  }

  function processorTime(): number {
    const stat = Deno.readTextFileSync(`/proc/${contiv.pid}/stat`).split(") ")[1]?.split(" ") ?? [];
    return (Number(stat[11]) + Number(stat[12])) * MS_PER_TICK;
  }
}
