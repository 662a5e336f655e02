/**
 * Contiv with many endpoints: memory, processor time at rest, one more endpoint, start, `ctl`, and the REST API:
 * `deno run -A tests/bench/scale_bench.ts [endpoints]`. Needs root and Open vSwitch. Every endpoint has its links and its port.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "../system/contiv.ts";
import { DockerCalls, type DriverEndpoint } from "./docker_calls.ts";
import { must, request } from "./http_request.ts";
import { milliseconds, printTimes, Samples } from "./samples.ts";

const ENDPOINTS = Number(Deno.args[0] ?? 1000);
const PARALLEL = 16;
const ROUNDS = 20;
/** Before one more endpoint: ovs-vswitchd is done with the one before. */
const PAUSE_MS = 300;
const REST_MS = 10_000;
const MS_PER_TICK = 10;
const MASTER = { port: 9999 };

if (Deno.args[0] === "--api") await callApi();
else await scale();

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
  const script = new URL(import.meta.url).pathname;
  console.log(await host.must([Deno.execPath(), "run", "-A", "--quiet", script, "--api"]));
  const ctl = new Samples("contiv ctl network ls, from source, whole process");
  const bare = new Samples("deno running an empty program");
  const empty = await Deno.makeTempFile({ suffix: ".ts" });
  for (let round = 0; round < ROUNDS; round++) {
    await ctl.measure(() => contiv.ctl("network", "ls"));
    await bare.measure(() => host.must([Deno.execPath(), "run", "--quiet", empty]));
  }
  await Deno.remove(empty);
  printTimes("Command line", [{ samples: ctl, original: 4 }, { samples: bare }]);

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
  await starts(`start, ${ENDPOINTS} endpoints`);
  console.log(`resident memory after the start: ${residentMiB()} MiB`);
  await contiv.stop();
  const master = new Contiv(host, { args: [store], role: "master" });
  master.launch();
  await waitFor("the master", async () => (await master.run(["network", "ls"])).code === 0);
  console.log(`resident memory of a master alone: ${residentMiB(master)} MiB`);
  await master.stop();

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

/** Runs in the host, whose loopback the master listens on. */
async function callApi(): Promise<void> {
  const [create, get, list, remove] = ["create", "get", "list", "delete"].map((what) =>
    new Samples(`network ${what}`)
  );
  const path = (at: number) => `/api/v1/networks/default:bench${at}/`;
  for (let at = 0; at < 100; at++) {
    const body = {
      tenantName: "default",
      networkName: `bench${at}`,
      encap: "vxlan",
      subnet: `60.1.${at}.0/24`,
      gateway: `60.1.${at}.254`,
    };
    await create?.measure(() => must(MASTER, "POST", path(at), body));
  }
  for (let at = 0; at < 100; at++) {
    await get?.measure(() => must(MASTER, "GET", path(at)));
    await list?.measure(() => must(MASTER, "GET", "/api/v1/networks/"));
  }
  for (let at = 0; at < 100; at++) await remove?.measure(() => request(MASTER, "DELETE", path(at)));
  printTimes("REST API, a connection a request", [
    ...(create ? [{ samples: create, original: 11.5 }] : []),
    ...(get ? [{ samples: get, original: 0.74 }] : []),
    ...(list ? [{ samples: list, original: 0.6 }] : []),
    ...(remove ? [{ samples: remove, original: 9.3 }] : []),
  ]);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
