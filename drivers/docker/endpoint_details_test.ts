import assert from "node:assert/strict";
import { DockerEngine } from "./engine.ts";
import { type EndpointDetails, EndpointDetailsFollower } from "./endpoint_details.ts";

const CONTAINER = {
  Id: "c1",
  Name: "/web",
  State: { Running: true, Status: "running" },
  Config: { Labels: { app: "shop" } },
  NetworkSettings: { Networks: { net: { NetworkID: "n1", EndpointID: "e1" } } },
};

/** Runs `body` with a client of an engine that fails as often as it is told to, by path. */
async function withEngine(
  failures: Record<string, number>,
  body: (engine: DockerEngine) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "contiv-details-" });
  const path = `${directory}/docker.sock`;
  const answers: Record<string, unknown> = {
    "/version": { Version: "20.10.24", ApiVersion: "1.41" },
    "/v1.41/containers/json": [{ Id: "c1", State: "running" }],
    "/v1.41/containers/c1/json": CONTAINER,
  };
  const server = Deno.serve({ path, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    const left = failures[pathname] ?? 0;
    failures[pathname] = left - 1;
    return Response.json(answers[pathname] ?? {}, { status: left > 0 ? 500 : 200 });
  });
  const engine = new DockerEngine(path);
  try {
    await body(engine);
  } finally {
    engine.close();
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
  }
}

for (
  const [what, failures, refusals] of [
    ["nothing", {}, 0],
    ["the list of containers", { "/v1.41/containers/json": 2 }, 0],
    ["a container's inspection", { "/v1.41/containers/c1/json": 2 }, 0],
    ["writing it down", {}, 2],
  ] as const
) {
  Deno.test(`EndpointDetailsFollower tells a container's name when ${what} fails at first`, () =>
    withEngine({ ...failures }, async (engine) => {
      const told = Promise.withResolvers<EndpointDetails>();
      let refused = 0;
      const sink = (details: EndpointDetails) => {
        if (refused++ < refusals) return Promise.reject(new Error("the store is away"));
        told.resolve(details);
        return Promise.resolve();
      };
      const stop = new AbortController();
      const follower = new EndpointDetailsFollower(engine, sink, 1);
      const running = follower.run(stop.signal);
      await follower.refresh(stop.signal).catch(() => {});
      const { endpointID, commonName, labels } = await told.promise;
      assert.deepEqual([endpointID, commonName, labels], ["e1", "web", { app: "shop" }]);
      stop.abort();
      await running;
    }));
}
