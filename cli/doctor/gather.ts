/**
 * Gathers the facts. Reads only; what it tries out (a veth pair) it tries in a namespace that ends with the try.
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { dirname, join } from "node:path";
import { describeNativeLibrary } from "../../drivers/ovs/choose_programmer.ts";
import type { HostState } from "../../mod/model/records.ts";
import { formatAddress, parseAddress } from "../../mod/net/address.ts";
import { HOSTS } from "../../mod/state/keys.ts";
import { localAddress } from "../roles/local_address.ts";
import { openStore } from "../roles/open_store.ts";
import type { StoreSettings } from "../roles/store_settings.ts";
import type {
  AgentState,
  Directory,
  DoctorSettings,
  DriverState,
  Facts,
  PortUse,
  StoreState,
  SwitchState,
} from "./facts.ts";
import { answer, field, getJson, outputOf } from "./probe.ts";
import { readAddresses, readRoutes } from "./host_network.ts";

/** Milliseconds within which every server of a cluster has to answer. */
const MEMBERS_DEADLINE = 4000;

/** Takes about as long as its slowest probe; every one has a deadline. */
export async function gatherFacts(settings: DoctorSettings): Promise<Facts> {
  const [
    libc,
    veth,
    switchState,
    docker,
    agent,
    driver,
    ports,
    addresses,
    routes,
    iptables,
    store,
  ] = await Promise.all([
    answer(libcVersion),
    answer(tryVeth),
    gatherSwitch(settings.ovsRunDirectory),
    answer(() => dockerVersion(settings.dockerSocket)),
    agentState(join(settings.runDirectory, "agent.sock")),
    driverState(settings.pluginSocket),
    Promise.all([portUse(9999, "REST API")]),
    readAddresses(),
    readRoutes(),
    answer(iptablesVersion),
    gatherStore(settings.store),
  ]);
  return {
    settings,
    kernel: Deno.osRelease(),
    libc,
    veth,
    uid: Deno.uid() ?? -1,
    capabilities: effectiveCapabilities(),
    switch: switchState,
    vtepAddress: vtepAddress(settings),
    docker,
    agent,
    driver,
    ports,
    addresses,
    routes,
    forwarding: { ipv4: sysctl("ipv4/ip_forward"), ipv6: sysctl("ipv6/conf/all/forwarding") },
    iptables,
    directories: gatherDirectories(settings),
    store,
    now: Date.now(),
  };
}

function libcVersion(): string {
  const libc = Deno.dlopen("libc.so.6", {
    gnu_get_libc_version: { parameters: [], result: "pointer" },
  });
  try {
    const text = libc.symbols.gnu_get_libc_version();
    if (text === null) throw new Error("gnu_get_libc_version returned nothing");
    return Deno.UnsafePointerView.getCString(text);
  } finally {
    libc.close();
  }
}

async function tryVeth(): Promise<true> {
  const pair = ["contivtry0", "type", "veth", "peer", "name", "contivtry1"];
  await outputOf("unshare", ["--net", "--", "ip", "link", "add", ...pair]);
  return true;
}

async function gatherSwitch(directory: string): Promise<SwitchState> {
  const database = `--db=unix:${join(directory, "db.sock")}`;
  const vsctl = (...words: string[]) => outputOf("ovs-vsctl", [database, "--timeout=3", ...words]);
  const [installed, running, bridges, ours, nativeLibrary] = await Promise.all([
    answer(async () => versionIn(await outputOf("ovs-vswitchd", ["--version"]))),
    answer(async () => {
      const pidFile = join(directory, "ovs-vswitchd.pid");
      if (!exists(pidFile)) throw new Error(`there is no ${pidFile}`);
      const pid = Deno.readTextFileSync(pidFile).trim();
      const socket = join(directory, `ovs-vswitchd.${pid}.ctl`);
      return versionIn(
        await outputOf("ovs-appctl", ["--timeout=3", `--target=${socket}`, "version"]),
      );
    }),
    answer(async () => (await vsctl("list-br")).split("\n").filter((name) => name)),
    answer(() => vsctl("--if-exists", "get", "Bridge", "contiv0", "datapath_type")),
    answer(describeNativeLibrary),
  ]);
  const kernelModule = exists("/sys/module/openvswitch");
  const type = "value" in ours && ours.value !== "" ? ours.value : kernelModule ? "" : "netdev";
  const datapath = type === "netdev" ? "netdev" : "system";
  return { installed, running, bridges, nativeLibrary, kernelModule, datapath };
}

function versionIn(text: string): string {
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? text;
}

async function dockerVersion(socket: string): Promise<string> {
  if (!exists(socket)) throw new Error(`there is no ${socket}`);
  const version = field(await getJson("http://localhost/version", { socket }), "Version");
  if (typeof version !== "string") throw new Error("what answers there is not a Docker engine");
  return version;
}

async function agentState(socket: string): Promise<AgentState> {
  if (!exists(socket)) return { state: "absent" };
  const health = await answer(() =>
    getJson("http://localhost/healthz", { socket, anyStatus: true })
  );
  if ("error" in health) return { state: "silent", error: health.error };
  if (field(health.value, "ok") === true) {
    const warning = field(health.value, "warning");
    return { state: "running", ...(typeof warning === "string" && { warning }) };
  }
  return {
    state: "troubled",
    trouble: String(field(health.value, "trouble") ?? "it says not why"),
  };
}

/** Docker's own first question to a driver; answering it changes nothing. */
async function driverState(socket: string): Promise<DriverState> {
  if (socket === "none" || !exists(socket)) return { state: "absent" };
  const reply = await answer(() =>
    getJson("http://localhost/Plugin.Activate", { socket, method: "POST" })
  );
  if ("error" in reply) return { state: "silent", error: reply.error };
  const interfaces = field(reply.value, "Implements");
  return { state: "answers", interfaces: Array.isArray(interfaces) ? interfaces.map(String) : [] };
}

async function portUse(port: number, use: string): Promise<PortUse> {
  try {
    Deno.listen({ hostname: "0.0.0.0", port }).close();
    return { port, use, state: "free" };
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  }
  const version = await answer(() => getJson(`http://127.0.0.1:${port}/version`));
  const isOurs = "value" in version && typeof field(version.value, "GitCommit") === "string";
  return { port, use, state: isOurs ? "ours" : "taken" };
}

/** Listing the table needs the rights and the kernel's support that changing it needs. */
async function iptablesVersion(): Promise<string> {
  await outputOf("iptables", ["-w", "3", "-t", "nat", "-S", "POSTROUTING"]);
  return await outputOf("iptables", ["--version"]);
}

async function askCluster(settings: StoreSettings): Promise<Pick<StoreState, "members" | "vteps">> {
  const store = await openStore(settings);
  try {
    const signal = AbortSignal.timeout(MEMBERS_DEADLINE);
    const [members, hosts] = await Promise.all([
      answer(() => store.health({ signal })),
      answer(() => store.list(HOSTS, { signal })),
    ]);
    // What cannot be listed, the members' health explains.
    if ("error" in hosts) return { members };
    const states = hosts.value.items.map(({ value }): HostState => JSON.parse(value));
    return { members, vteps: states.map(({ vtepAddress }) => vtepAddress) };
  } finally {
    await store.close();
  }
}

/** As the agent chooses it. */
function vtepAddress({ vtepAddress }: DoctorSettings): string {
  const address = parseAddress(vtepAddress ?? "");
  return address ? formatAddress(address) : localAddress(Deno.networkInterfaces());
}

async function gatherStore(settings: StoreSettings): Promise<StoreState> {
  if (settings.kind !== "embedded") {
    const asked = await answer(() => askCluster(settings));
    const said = "value" in asked ? asked.value : { members: asked };
    return { ...said, exists: false, freeBytes: { error: "not asked for" } };
  }
  const { path } = settings;
  const freeBytes = await answer(async () => {
    const lines = await outputOf("df", ["--output=avail", "-B1", nearestExisting(path)]);
    return Number(lines.split("\n").at(-1));
  });
  if (!exists(path)) return { path, exists: false, freeBytes };
  const tables = await answer(() => {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const row = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get();
      return Number(row?.tables);
    } finally {
      database.close();
    }
  });
  return { path, exists: true, tables, freeBytes };
}

function gatherDirectories(settings: DoctorSettings): Directory[] {
  const places: [path: string, use: string][] = [[settings.runDirectory, "the agent's socket"]];
  if (settings.pluginSocket !== "none") {
    places.push([dirname(settings.pluginSocket), "the Docker driver's socket"]);
  }
  if (settings.store.kind === "embedded") {
    places.push([dirname(settings.store.path), "the store"]);
  }
  return places.map(([path, use]) => {
    const error = whyNotWritable(nearestExisting(path));
    return { path, use, ...(error !== undefined && { error }) };
  });
}

/** By mode and owner, without writing; a read-only file system shows in /proc/mounts only, and to the first write. */
function whyNotWritable(path: string): string | undefined {
  const info = Deno.statSync(path);
  if (!info.isDirectory) return `${path} is not a directory`;
  const uid = Deno.uid() ?? -1;
  const may = uid === 0 || (info.uid === uid && ((info.mode ?? 0) & 0o200) !== 0);
  return may ? undefined : `uid ${uid} may not write in ${path}`;
}

function nearestExisting(path: string): string {
  return exists(path) || path === dirname(path) ? path : nearestExisting(dirname(path));
}

function effectiveCapabilities(): bigint {
  const match = /^CapEff:\s*([0-9a-f]+)/m.exec(Deno.readTextFileSync("/proc/self/status"));
  return BigInt(`0x${match?.[1] ?? "0"}`);
}

function sysctl(name: string): boolean {
  try {
    return Deno.readTextFileSync(`/proc/sys/net/${name}`).trim() === "1";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false; // IPv6 is turned off in this kernel
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return false;
    }
    throw error;
  }
}
