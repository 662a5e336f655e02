import assert from "node:assert/strict";
import { agreedApi, DockerEngine } from "./engine.ts";
import { DockerError, type DockerErrorCode } from "./error.ts";
import { knownEndpoints } from "./known_endpoints.ts";

const VERSIONS: readonly (readonly [title: string, least: string, most: string, agreed: string])[] =
  [
    ["Docker 20.10", "1.12", "1.41", "1.41"],
    ["Docker 26", "1.24", "1.45", "1.41"],
    ["Docker 29, which wants newer ones", "1.44", "1.52", "1.44"],
    ["Docker 19.03, which has older ones only", "1.12", "1.40", "1.40"],
    ["an engine of minor version nine", "1.9", "1.9", "1.9"],
  ];

for (const [title, MinAPIVersion, ApiVersion, agreed] of VERSIONS) {
  Deno.test(`agreedApi is ${agreed} when the engine is ${title}`, () => {
    assert.equal(agreedApi({ MinAPIVersion, ApiVersion }), agreed);
  });
}

/** What an engine in this place answers; calls without an entry are 404. */
type Answers = Readonly<Record<string, unknown>>;

const VERSION = { Version: "20.10.24", ApiVersion: "1.41", MinAPIVersion: "1.12" };

async function withEngine(
  answers: Answers,
  body: (engine: DockerEngine) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/docker.sock`;
  const server = Deno.serve({ path, onListen: () => {} }, (request) => {
    const call = new URL(request.url).pathname;
    const answer = { "/version": VERSION, ...answers }[call];
    if (answer instanceof Response) return answer;
    return answer === undefined
      ? Response.json({ message: "page not found" }, { status: 404 })
      : Response.json(answer);
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

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error) => error instanceof DockerError ? error.code : String(error),
  );

const FAILURES: readonly (readonly [title: string, answer: Response, code: DockerErrorCode])[] = [
  ["the engine has none", Response.json({ message: "gone" }, { status: 404 }), "not-found"],
  ["containers are attached", Response.json({ message: "busy" }, { status: 403 }), "conflict"],
  ["the engine is in trouble", new Response("oops", { status: 500 }), "failed"],
  ["the answer is no JSON", new Response("<html>"), "failed"],
  ["the answer is of another shape", Response.json([{ id: 1 }]), "failed"],
];

for (const [title, answer, code] of FAILURES) {
  Deno.test(`DockerEngine throws ${code} when ${title}`, () =>
    withEngine({ "/v1.41/networks/x": answer }, async (engine) => {
      assert.equal(await codeOf(engine.inspectNetwork("x")), code);
    }));
}

Deno.test("DockerEngine throws unavailable when nobody is there", async () => {
  const absent = new DockerEngine("/nonexistent/docker.sock");
  assert.equal(await codeOf(absent.listNetworks()), "unavailable");
  absent.close();
});

const network = (Id: string, Driver: string, Containers = {}) => ({
  Id,
  Name: Id,
  Driver,
  Containers,
});

Deno.test("knownEndpoints gathers what the engine has on networks of any driver", () => {
  const containers = {
    c1: { EndpointID: "e1", IPv4Address: "10.1.0.1/24", IPv6Address: "fd00::1/64" },
    // Made, and not joined yet.
    "ep-e2": { EndpointID: "e2", IPv4Address: "", IPv6Address: "" },
  };
  const answers = {
    "/v1.41/networks": [network("a", "netplugin"), network("b", "other"), network("gone", "x")],
    "/v1.41/networks/a": network("a", "netplugin", containers),
    "/v1.41/networks/b": network("b", "other", { c3: { EndpointID: "e3" } }),
  };
  return withEngine(answers, async (engine) => {
    const facts = await knownEndpoints(engine, AbortSignal.timeout(5_000));
    assert.deepEqual([...facts.endpointIDs], ["e1", "e2", "e3"]);
    assert.deepEqual([...facts.addresses], ["a 10.1.0.1", "a fd00::1"]);
  });
});

Deno.test("knownEndpoints concludes nothing when one network cannot be looked at", () => {
  const answers = {
    "/v1.41/networks": [network("a", "netplugin")],
    "/v1.41/networks/a": new Response("oops", { status: 500 }),
  };
  return withEngine(answers, async (engine) => {
    assert.equal(await codeOf(knownEndpoints(engine, AbortSignal.timeout(5_000))), "failed");
  });
});
