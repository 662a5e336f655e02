/**
 * The master's REST API, on the embedded store and on etcd, beside its floors: Deno's bare HTTP server with a durable commit a write, and
 * one put to etcd. In turns, one client and 16, a connection a request: `deno run -A tests/bench/rest_bench.ts`. Needs root and etcd.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import type { Host } from "../lab/host.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "../system/contiv.ts";
import { must, request } from "./http_request.ts";
import { runInside } from "./inside_host.ts";
import { note, rounds } from "./ratios.ts";
import { milliseconds, printTable, Samples } from "./samples.ts";

const PORTS = { embedded: 9999, etcd: 9998, bare: 9997, etcdServer: 2379, etcdPeer: 2380 };
const NETWORKS = 100;
/** About what a network is as JSON. */
const ANSWER_BYTES = 300;
const TURNS = rounds(10, 3);
const REQUESTS = rounds(64, 32);

type Operation = "read one" | "list 100" | "write";

/** A server, and how each operation asks it; `at` is different in each call. */
interface Target {
  readonly name: string;
  readonly calls: Partial<Record<Operation, (at: number) => Promise<unknown>>>;
  /** What a write is followed by, outside of the measurement. */
  readonly undo?: (at: number) => Promise<unknown>;
}

if (Deno.args[0] === "--inside") {
  await inside();
  Deno.exit(0);
} else {
  await using lab = await Lab.create({ name: "rest" });
  const host = await lab.host("a");
  await startServers(host);
  await runInside(host, new URL(import.meta.url).pathname);
}

async function startServers(host: Host): Promise<void> {
  const etcd = `http://127.0.0.1:${PORTS.etcdServer}`;
  const peer = `http://127.0.0.1:${PORTS.etcdPeer}`;
  host.spawn([
    "etcd",
    `--data-dir=${host.directory}/etcd`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ], { output: { file: `${host.directory}/etcd.log` } });
  const bare = new URL("./bare_server.ts", import.meta.url).pathname;
  const arguments_ = [String(PORTS.bare), `${host.directory}/bare.db`, String(ANSWER_BYTES)];
  host.spawn([Deno.execPath(), "run", "-A", "--quiet", bare, ...arguments_]);
  const health = ["etcdctl", `--endpoints=${etcd}`, "endpoint", "health"];
  const env = { ETCDCTL_API: "3" };
  await waitFor("etcd", async () => (await host.exec(health, { env })).code === 0);
  const stores = [
    [PORTS.embedded, `embedded://${host.directory}/contiv.db`],
    [PORTS.etcd, `etcd://127.0.0.1:${PORTS.etcdServer}`],
  ] as const;
  for (const [port, store] of stores) {
    const args = [`--store=${store}`, `--external-address=127.0.0.1:${port}`];
    const master = new Contiv(host, { role: "master", args, quiet: true });
    master.launch();
    const netmaster = `--netmaster=http://127.0.0.1:${port}`;
    try {
      await waitFor(
        "the master",
        async () => (await master.run([netmaster, "network", "ls"])).code === 0,
      );
    } catch (cause) {
      throw new Error(`the master on ${store} does not answer: ${master.tail()}`, { cause });
    }
  }
}

async function inside(): Promise<void> {
  const targets = [
    master("Contiv, embedded", PORTS.embedded),
    master("Contiv, etcd", PORTS.etcd),
    bareServer(),
    etcdItself(),
  ];
  for (const target of targets.slice(0, 2)) {
    for (let at = 0; at < NETWORKS; at++) await target.calls.write?.(at);
  }
  for (const clients of [1, 16]) {
    for (const operation of ["read one", "list 100", "write"] as const) {
      await measure(targets.filter((target) => target.calls[operation]), operation, clients);
    }
  }
}

async function measure(
  targets: readonly Target[],
  operation: Operation,
  clients: number,
): Promise<void> {
  const results = targets.map((target) => ({
    target,
    times: new Samples(target.name),
    undone: new Samples(`${target.name}, deletes, 1 client`),
    elapsed: 0,
  }));
  let next = 1000;
  for (let turn = 0; turn < TURNS; turn++) {
    for (const result of results) {
      const { target, times, undone } = result;
      const ids = Array.from({ length: REQUESTS }, () => next++);
      const left = [...ids];
      result.elapsed += await milliseconds(() =>
        Promise.all(Array.from({ length: clients }, async () => {
          for (let at = left.pop(); at !== undefined; at = left.pop()) {
            const id = at;
            await times.measure(async () => await target.calls[operation]?.(id));
          }
        }))
      );
      if (operation !== "write" || !target.undo) continue;
      for (const at of ids) await undone.measure(async () => await target.undo?.(at));
    }
  }
  const rate = ({ times, elapsed }: typeof results[number]) => times.count * 1000 / elapsed;
  const what = `${operation}, ${clients === 1 ? "1 client" : `${clients} clients`}`;
  const floorOf = (name: string) =>
    results.find(({ target }) =>
      target.name === (name === "Contiv, etcd" && operation === "write" ? "etcd" : "bare server")
    );
  const rows = results.flatMap((result) => {
    const { target, times, undone } = result;
    const floor = target.name.startsWith("Contiv") ? floorOf(target.name) : undefined;
    const ratio = floor && rate(result) / rate(floor);
    if (floor && ratio) {
      note(`${what} a second, ${target.name} ÷ ${floor.target.name}`, ratio, "higher");
    }
    const cells = (samples: Samples) => [
      samples.median.toFixed(2),
      samples.quantile(0.99).toFixed(2),
    ];
    const part = floor && ratio ? `${(ratio * 100).toFixed(0)} % of ${floor.target.name}` : "";
    return [
      [target.name, String(times.count), rate(result).toFixed(0), ...cells(times), part],
      ...(undone.count ? [[undone.name, String(undone.count), "", ...cells(undone), ""]] : []),
    ];
  });
  printTable(what, [["", "n", "per second", "median ms", "p99 ms", "rate"], ...rows]);
}

function master(name: string, port: number): Target {
  const path = (at: number) => `/api/v1/networks/default:bench${at}/`;
  return {
    name,
    calls: {
      "read one": (at) => must({ port }, "GET", path(at % NETWORKS)),
      "list 100": () => must({ port }, "GET", "/api/v1/networks/"),
      write: (at) =>
        must({ port }, "POST", path(at), {
          tenantName: "default",
          networkName: `bench${at}`,
          encap: "vxlan",
          subnet: `60.${at >> 8}.${at & 255}.0/24`,
          gateway: `60.${at >> 8}.${at & 255}.254`,
        }),
    },
    undo: (at) => request({ port }, "DELETE", path(at)),
  };
}

function bareServer(): Target {
  const server = { port: PORTS.bare };
  const filling = "x".repeat(ANSWER_BYTES);
  return {
    name: "bare server",
    calls: {
      "read one": () => must(server, "GET", "/"),
      write: () => must(server, "POST", "/", { filling }),
    },
  };
}

/** By its JSON gateway, since what is measured is one put and one commit. */
function etcdItself(): Target {
  const value = btoa("x".repeat(ANSWER_BYTES));
  return {
    name: "etcd",
    calls: {
      write: (at) =>
        must({ port: PORTS.etcdServer }, "POST", "/v3/kv/put", {
          key: btoa(`/bench/${at}`),
          value,
        }),
    },
  };
}
