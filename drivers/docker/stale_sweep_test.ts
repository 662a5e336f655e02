import assert from "node:assert/strict";
import { recordMapping } from "../../mod/docker/mapping.ts";
import { GRACE } from "../../mod/docker/stale_endpoints.ts";
import { deleteEndpoint, requestAddress } from "../../mod/intent/endpoint.ts";
import { TestCluster } from "../../mod/intent/testing.ts";
import { addressPrefix, ENDPOINTS } from "../../mod/state/keys.ts";
import type { Plan } from "../../mod/state/plan.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import { DockerEngine } from "./engine.ts";
import { DockerError } from "./error.ts";
import { StaleSweep } from "./stale_sweep.ts";

const SIGNAL = new AbortController().signal;
const REF = { tenant: "default", network: "net1", group: "" };

/** An engine on a socket, which has one network with these endpoints; undefined: it does not work. */
class Place implements AsyncDisposable {
  readonly cluster = new TestCluster();
  endpointIDs: readonly string[] | undefined = [];
  readonly sweep: StaleSweep;
  readonly #engine: DockerEngine;
  readonly #server: Deno.HttpServer;

  private constructor(private readonly directory: string) {
    const path = `${directory}/docker.sock`;
    this.#server = Deno.serve({ path, onListen: () => {} }, (request) => this.#answer(request));
    this.#engine = new DockerEngine(path);
    this.cluster.network("net1", "10.1.0.0/24");
    const mapping = recordMapping(this.cluster.snapshot, REF, "hostA", "d1");
    this.cluster.apply({ ...mapping, result: undefined });
    this.sweep = new StaleSweep({
      engine: this.#engine,
      host: "hostA",
      now: () => 1 + GRACE,
      snapshot: () => this.cluster.snapshot,
      commit: <T>(decide: (snapshot: Snapshot) => Plan<T>) =>
        Promise.resolve(this.cluster.apply(decide(this.cluster.snapshot))),
      endpoints: {
        remove: (ref) => {
          this.cluster.apply(deleteEndpoint(this.cluster.snapshot, ref, { now: 2 }));
          return Promise.resolve();
        },
      },
    });
  }

  static async create(): Promise<Place> {
    return new Place(await Deno.makeTempDir());
  }

  /** As Docker does it: address, then endpoint. */
  attach(endpointID: string, address: string): void {
    const request = { space: "default:net1", ref: REF, family: 4 as const, address };
    const { cluster } = this;
    cluster.apply(requestAddress(cluster.snapshot, request, { now: 1, host: "hostA" }));
    cluster.endpoint(endpointID, { address });
  }

  /** Endpoints, and addresses in use. */
  get left(): [number, number] {
    const { snapshot } = this.cluster;
    return [snapshot.list(ENDPOINTS).length, snapshot.list(addressPrefix("default:net1")).length];
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/version") return Response.json({ Version: "20.10", ApiVersion: "1.41" });
    if (this.endpointIDs === undefined) return new Response("oops", { status: 500 });
    const Containers = Object.fromEntries(this.endpointIDs.map((id) => [id, { EndpointID: id }]));
    const network = { Id: "d1", Name: "net1", Driver: "netplugin", Containers };
    return Response.json(pathname === "/v1.41/networks" ? [network] : network);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#engine.close();
    await this.#server.shutdown();
    await Deno.remove(this.directory, { recursive: true });
  }
}

Deno.test("StaleSweep releases endpoints and their addresses when two looks find them forgotten", async () => {
  await using place = await Place.create();
  place.attach("known", "10.1.0.1");
  place.attach("forgotten", "10.1.0.2");
  place.endpointIDs = ["known"];
  await place.sweep.pass(SIGNAL);
  assert.deepEqual(place.left, [2, 2]);
  await place.sweep.pass(SIGNAL);
  assert.deepEqual(place.left, [1, 1]);
});

Deno.test("StaleSweep begins anew when the engine could not be asked in between", async () => {
  await using place = await Place.create();
  place.attach("forgotten", "10.1.0.2");
  await place.sweep.pass(SIGNAL);
  place.endpointIDs = undefined;
  await assert.rejects(place.sweep.pass(SIGNAL), DockerError);
  place.endpointIDs = [];
  await place.sweep.pass(SIGNAL);
  assert.deepEqual(place.left, [1, 1]);
  await place.sweep.pass(SIGNAL);
  assert.deepEqual(place.left, [0, 0]);
});

Deno.test("StaleSweep ends when it is aborted", async () => {
  await using place = await Place.create();
  const stop = new AbortController();
  const running = place.sweep.run(stop.signal);
  stop.abort();
  await running;
});
