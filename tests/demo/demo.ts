/**
 * `deno task demo [--keep]`: from nothing to a working network on this machine, shown step by step: `contiv up` on an embedded store, a
 * network, two endpoints, pings between them and out by NAT. Takes everything back at the end, also after a failure or Ctrl-C.
 * @module
 */
import process from "node:process";
import { z } from "zod";
import { appendingTo, must, programOf } from "../lab/command.ts";
import { waitFor } from "../lab/wait.ts";
import { installMissing, RUN_NEEDS } from "../run/packages.ts";
import { attachEndpoints, dockerNetwork, type Inside } from "./endpoints.ts";
import { dockerRuns, makeOutside, refuseIfInUse, willBeChanged } from "./host.ts";
import {
  BRIDGE,
  ctlArguments,
  ctlEnvironment,
  ENDPOINTS,
  GATEWAY,
  GATEWAY6,
  MAIN,
  NETWORK,
  OUTSIDE,
  type Place,
  SUBNET,
  SUBNET6,
  upArguments,
} from "./settings.ts";
import { Undo } from "./undo.ts";

const START_DEADLINE = 30_000;
const STOP_DEADLINE = 10_000;
const ENDPOINT_LIST = z.array(
  z.object({ ipAddress: z.string(), ipv6Address: z.string().optional() }),
);

/** Announces a step and how long the demo has run. */
function step(title: string): void {
  console.log(`\n[${(performance.now() / 1000).toFixed(1).padStart(4)} s] ${title}`);
}

/** Shows a command as the user would type it, runs it and shows what it printed. */
async function show(typed: string, argv: readonly string[], env: Record<string, string> = {}) {
  console.log(`  $ ${typed}`);
  const output = await must(argv, { env });
  console.log(output.trimEnd().replaceAll(/^/gm, "  "));
}

async function demo(undo: Undo, place: Place, checkStop: () => void): Promise<void> {
  const env = ctlEnvironment(place);
  const ctl = (...words: string[]) =>
    show(`contiv ctl ${words.join(" ")}`, ctlArguments(...words), env);

  step("start Contiv: master and agent in one process, on an embedded store");
  await willBeChanged(undo);
  await startContiv(place, undo);

  checkStop();
  step("create a network, IPv4 and IPv6");
  const families = ["--gateway", GATEWAY, "--subnetv6", SUBNET6, "--gatewayv6", GATEWAY6];
  await ctl("network", "create", "--subnet", SUBNET, ...families, NETWORK);
  undo.add("remove the network", async () => {
    await must(ctlArguments("network", "rm", NETWORK), { env });
    if (place.docker) await dockerNetwork("disappear", false);
  });
  if (place.docker) await dockerNetwork("appear", true);

  checkStop();
  step(`attach two endpoints (${place.docker ? "Docker containers" : "network namespaces"})`);
  const inside = await attachEndpoints(place, undo);
  await ctl("endpoint", "ls");

  checkStop();
  step("ping from one to the other, and out through the NAT of contivh0");
  await makeOutside(undo);
  await pingAll(inside, place);

  checkStop();
  step("look at it");
  await ctl("network", "ls");
  await ctl("network", "inspect", NETWORK);
  await ctl("endpoint", "inspect", ENDPOINTS[0]);
  await showFlows((await endpointAddresses(env))[0]?.ipAddress ?? "");
}

async function startContiv(place: Place, undo: Undo): Promise<void> {
  const log = `${place.directory}/contiv.log`;
  const command = [Deno.execPath(), "run", "--allow-all", MAIN, ...upArguments(place)];
  const [program, args] = programOf([...appendingTo(log), ...command]);
  const options = { args, stdin: "null", stdout: "null", stderr: "inherit" } as const;
  const child = new Deno.Command(program, { ...options, detached: true }).spawn();
  child.unref();
  console.log(`  $ contiv ${upArguments(place).join(" ")}`);
  let ended: number | undefined;
  const status = child.status.then(({ code }) => ended = code);
  undo.add("stop Contiv", async () => {
    if (ended === undefined) child.kill("SIGTERM");
    await Promise.race([status, new Promise((resolve) => setTimeout(resolve, STOP_DEADLINE))]);
    if (ended === undefined) child.kill("SIGKILL");
  });
  const path = ctlEnvironment(place).CONTIV_AGENT;
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  try {
    await waitFor("Contiv to be ready", async () => {
      if (ended !== undefined) return true;
      return await answers(client);
    }, START_DEADLINE);
    if (ended !== undefined) throw new Error(`contiv up ended with exit code ${ended}`);
  } catch (cause) {
    const said = (await Deno.readTextFile(log)).slice(-3000);
    throw new Error(`Contiv did not start; it said:\n${said}`, { cause });
  } finally {
    client.close();
  }
}

/** Whether this host's agent says that everything is as it should be. */
async function answers(client: Deno.HttpClient): Promise<boolean> {
  const response = await fetch("http://localhost/healthz", { client });
  await response.body?.cancel();
  return response.ok;
}

async function pingAll(inside: Inside, place: Place): Promise<void> {
  const [from] = ENDPOINTS;
  const other = (await endpointAddresses(ctlEnvironment(place)))[1];
  const targets = [other?.ipAddress, other?.ipv6Address, OUTSIDE.address, OUTSIDE.address6];
  for (const target of targets) {
    if (!target) throw new Error("the second endpoint lacks an address");
    const argv = [...inside(from), "ping", "-c", "2", "-W", "3", target];
    await show(argv.join(" "), argv);
  }
}

/** In the order in which they were attached: addresses are handed out from the lowest. */
async function endpointAddresses(
  env: Record<string, string>,
): Promise<z.infer<typeof ENDPOINT_LIST>> {
  const text = await must(ctlArguments("endpoint", "ls", "--json"), { env });
  const lastNumber = (address: string) => Number(address.split(".").at(-1));
  return ENDPOINT_LIST.parse(JSON.parse(text))
    .sort((a, b) => lastNumber(a.ipAddress) - lastNumber(b.ipAddress));
}

async function showFlows(address: string): Promise<void> {
  const options = ["--timeout=10", "--no-stats", "--names"];
  const flows = await must(["ovs-ofctl", ...options, "dump-flows", BRIDGE]);
  console.log(`  $ ovs-ofctl dump-flows ${BRIDGE} | grep ${address}`);
  for (const line of flows.split("\n")) if (line.includes(address)) console.log(` ${line}`);
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

function sayGoodbye(kept: Place | undefined): void {
  console.log(`\nAll of it worked, in ${(performance.now() / 1000).toFixed(0)} s. Go on with:`);
  if (kept) {
    for (const [name, value] of Object.entries(ctlEnvironment(kept))) {
      if (name !== "NO_COLOR") console.log(`  export ${name}=${value}`);
    }
    console.log("  bin/contiv ctl endpoint ls");
    console.log(`  sudo kill $(pgrep -f 'main.ts up --store embedded://${kept.directory}')`);
    return;
  }
  console.log("  sudo bin/contiv doctor                 # is this host ready?");
  console.log("  sudo bin/contiv up                     # the real thing; keep it running");
  console.log("  bin/contiv ctl network create --subnet 10.1.0.0/16 --gateway 10.1.0.1 web");
  console.log("  docker run --rm -it --network web IMAGE");
}

async function prepare(): Promise<Place> {
  if (Deno.uid() !== 0) throw new Error("the demo needs root: sudo npx -y deno@2.9.6 task demo");
  const docker = await dockerRuns();
  const busybox = { program: "busybox", package: "busybox-static" };
  await installMissing(docker ? [...RUN_NEEDS, busybox] : RUN_NEEDS, console.log);
  await refuseIfInUse();
  const directory = await Deno.makeTempDir({ prefix: "contiv-demo-" });
  return { directory, port: freePort(), docker };
}

async function main(): Promise<number> {
  const keep = Deno.args.includes("--keep");
  const undo = new Undo();
  let stopped = false;
  Deno.addSignalListener("SIGINT", () => stopped = true);
  Deno.addSignalListener("SIGTERM", () => stopped = true);
  const checkStop = () => {
    if (stopped) throw new Error("stopped");
  };
  let code = 0;
  let place: Place | undefined;
  try {
    step("see what the operating system has");
    place = await prepare();
    const { directory } = place;
    undo.add(`remove ${directory}`, () => Deno.remove(directory, { recursive: true }));
    await demo(undo, place, checkStop);
    sayGoodbye(keep ? place : undefined);
  } catch (error) {
    console.error(`\ndemo: ${error instanceof Error ? error.message : error}`);
    code = 1;
  }
  if (keep && code === 0) return code;
  const failures = await undo.run();
  for (const failure of failures) console.error(`could not ${failure}`);
  return failures.length ? 1 : code;
}

process.exit(await main());
