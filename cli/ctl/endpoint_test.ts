import assert from "node:assert/strict";
import { runCtl } from "./run.ts";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** A peer on the agent's socket that answers what `reply` says and keeps what it was asked. */
async function withAgent(
  reply: (request: Request) => Response,
  run: (socket: string, requests: Request[]) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/agent.sock`;
  const requests: Request[] = [];
  const server = Deno.serve({ path, onListen: () => {} }, async (incoming) => {
    const { pathname } = new URL(incoming.url);
    const request = { method: incoming.method, path: pathname, body: await incoming.text() };
    requests.push(request);
    return reply(request);
  });
  try {
    await run(path, requests);
  } finally {
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
  }
}

async function ctl(argv: string[], env: Record<string, string>) {
  let [stdout, stderr] = ["", ""];
  const exit = await runCtl(argv, {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env,
    isTerminal: true,
  });
  return { exit, stdout, stderr };
}

Deno.test("endpoint attach sends what was asked and prints the addresses when the agent agrees", async () => {
  const attached = {
    endpoint: { ipAddress: "10.1.0.1", ipv6Address: "", macAddress: "02:02:0a:01:00:01" },
    gateway: "10.1.0.254",
    mtu: 1450,
  };
  await withAgent(() => Response.json(attached), async (CONTIV_AGENT, requests) => {
    const argv = ["endpoint", "attach", "--netns", "lab1", "--network", "net1", "--ip", "10.1.0.1"];
    assert.deepEqual(await ctl(argv, { CONTIV_AGENT }), {
      exit: 0,
      stderr: "",
      stdout: `Attached endpoint lab1 to network default:net1
Address: 10.1.0.1
MAC: 02:02:0a:01:00:01
Interface: eth0
Gateway: 10.1.0.254
MTU: 1450
Look inside:  ip netns exec lab1 ip address
Take it away: contiv ctl endpoint detach lab1
`,
    });
    assert.deepEqual(requests, [{
      method: "POST",
      path: "/v1/endpoints",
      body: JSON.stringify({
        tenant: "default",
        network: "net1",
        netns: "/var/run/netns/lab1",
        address: "10.1.0.1",
        interfaceName: "eth0",
        name: "lab1",
      }),
    }]);
  });
});

Deno.test("endpoint detach stops at the first that is refused when several are named", async () => {
  const reply = ({ path }: Request) =>
    path.endsWith("/b")
      ? new Response("endpoint not found\n", { status: 404 })
      : Response.json("ok");
  await withAgent(reply, async (socket, requests) => {
    assert.deepEqual(await ctl(["ep", "detach", "--agent", socket, "a", "b", "c"], {}), {
      exit: 3,
      stdout: "Detached endpoint a\n",
      stderr: "ERRO[0000] endpoint not found\n",
    });
    assert.deepEqual(requests.map(({ method, path }) => `${method} ${path}`), [
      "DELETE /v1/endpoints/a",
      "DELETE /v1/endpoints/b",
    ]);
  });
});

Deno.test("endpoint flows prints a table of what the agent tells", async () => {
  const flows = "table=0,priority=100,in_port=7 actions=goto_table:10\n";
  await withAgent(() => new Response(flows), async (CONTIV_AGENT, requests) => {
    const { exit, stdout } = await ctl(["endpoint", "flows", "web"], { CONTIV_AGENT });
    assert.equal(exit, 0);
    assert.match(stdout, /^0 classify +100 +in_port=7 +goto_table:spoof_guard$/m);
    assert.equal(requests[0]?.path, "/v1/endpoints/web/flows");
  });
});
