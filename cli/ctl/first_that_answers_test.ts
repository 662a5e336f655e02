import assert from "node:assert/strict";
import { FirstThatAnswers } from "./first_that_answers.ts";
import { HttpConnection } from "./http_connection.ts";

interface Server {
  readonly url: string;
  readonly seen: string[];
  stop(): Promise<void>;
}

function serve(respond: (request: Request) => Response): Server {
  const seen: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(request.method);
    return respond(request);
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, seen, stop: () => server.shutdown() };
}

/** A port that nobody listens on. */
function nobody(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return `http://127.0.0.1:${port}`;
}

/** Accepts, reads a little and hangs up: nobody knows whether it has done something. */
function hangUp(): { url: string; stop(): Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(10));
      connection.close();
    }
  })();
  const stop = async () => {
    listener.close();
    await accepting;
  };
  return { url: `http://127.0.0.1:${listener.addr.port}`, stop };
}

const among = (...urls: string[]) =>
  new FirstThatAnswers(urls.map((url) => new HttpConnection(url, "start one")));

Deno.test("a read and a change go to the next master when nobody listens at the first, and stay there", async () => {
  const server = serve(() => new Response("well"));
  const masters = among(nobody(), server.url);
  for (const method of ["GET", "POST", "DELETE"]) {
    assert.equal((await masters.request(method, "/", {})).text, "well");
    assert.equal(masters.description, server.url);
  }
  assert.deepEqual(server.seen, ["GET", "POST", "DELETE"]);
  await server.stop();
});

Deno.test("a change is not sent again when the first master may have seen it, a read is", async () => {
  const first = hangUp();
  const server = serve(() => new Response("well"));
  const masters = among(first.url, server.url);
  await assert.rejects(masters.request("POST", "/", {}, "{}"), /cannot reach/);
  assert.deepEqual(server.seen, []);
  assert.equal((await masters.request("GET", "/", {})).text, "well");
  await server.stop();
  await first.stop();
});

Deno.test("a read goes on from a master that has lost its store, a change gets that master's answer", async () => {
  const sick = serve(() => new Response("no store", { status: 503 }));
  const server = serve(() => new Response("well"));
  assert.equal((await among(sick.url, server.url).request("GET", "/", {})).status, 200);
  assert.equal((await among(sick.url, server.url).request("POST", "/", {})).status, 503);
  assert.equal((await among(sick.url, nobody()).request("GET", "/", {})).text, "no store");
  await sick.stop();
  await server.stop();
});

Deno.test("the first master's error is what is said when none can be reached", async () => {
  const [one, two] = [nobody(), nobody()];
  await assert.rejects(among(one, two).request("GET", "/", {}), new RegExp(one));
});
