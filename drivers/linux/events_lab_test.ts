import { strict as assert } from "node:assert";
import type { Kernel, KernelEvent } from "../../mod/agent/kernel.ts";
import { openKernel } from "./kernel.ts";
import { enterLab, run, until } from "./testing/private_namespace.ts";

/** What was heard so far, and the end of listening. */
function listen(kernel: Kernel, signal: AbortSignal) {
  const heard: KernelEvent[] = [];
  const events = kernel.events(signal);
  const ended = (async () => {
    for await (const event of events) heard.push(event);
  })();
  const has = (type: KernelEvent["type"], name?: string) =>
    heard.some((it) => it.type === type && (it.type === "resync" || it.name === name));
  return { heard, ended, has };
}

const openDescriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;

Deno.test("link events are heard when links come, change, are renamed and go", async () => {
  await using _lab = enterLab();
  const kernel = await openKernel();
  const stop = new AbortController();
  const { ended, has } = listen(kernel, stop.signal);
  await run("ip link add contivh0 type bridge");
  await until(() => has("link-changed", "contivh0"));
  await run("ip link set contivh0 name other0");
  await until(() => has("link-removed", "contivh0") && has("link-changed", "other0"));
  await run("ip link del other0");
  await until(() => has("link-removed", "other0"));
  stop.abort();
  await ended;
  await kernel.close();
});

Deno.test("link events tell links that go down and addresses that are removed, and the kernel brings one up", async () => {
  await using _lab = enterLab();
  const kernel = await openKernel();
  const stop = new AbortController();
  const { ended, has } = listen(kernel, stop.signal);
  await run("ip link add vvport1 type veth peer name vport1");
  await run("ip link set vvport1 up");
  await run("ip addr add 10.1.2.3/24 dev vvport1");
  await run("ip addr del 10.1.2.3/24 dev vvport1");
  await until(() => has("address-removed", "vvport1"));
  assert.equal(has("link-down", "vvport1"), false);
  await run("ip link set vvport1 down");
  await until(() => has("link-down", "vvport1"));
  await kernel.bringUp("vvport1");
  const links = await kernel.links();
  assert.equal(links.find(({ name }) => name === "vvport1")?.up, true);
  await kernel.bringUp("absent0");
  stop.abort();
  await ended;
  await kernel.close();
});

Deno.test("a port that leaves a bridge is not taken for a link that is gone", async () => {
  await using _lab = enterLab();
  const kernel = await openKernel();
  await run("ip link add br1 type bridge");
  await run("ip link add port1 type veth peer name port2");
  await run("ip link set port1 master br1");
  const stop = new AbortController();
  const { ended, has } = listen(kernel, stop.signal);
  await run("ip link set port1 nomaster");
  await run("ip link set port2 mtu 1400");
  await until(() => has("link-changed", "port2"));
  assert.equal(has("link-removed", "port1"), false);
  stop.abort();
  await ended;
  await kernel.close();
});

Deno.test("a listener is told to look again when the kernel had to drop events", async () => {
  await using _lab = enterLab();
  const kernel = await openKernel();
  const stop = new AbortController();
  const { ended, has } = listen(kernel, stop.signal);
  await run("ip link set lo mtu 9999");
  await until(() => has("link-changed", "lo"));
  const batch = await Deno.makeTempFile();
  const lines = Array.from({ length: 4000 }, (_, at) => `link set lo mtu ${2000 + at}`);
  await Deno.writeTextFile(batch, lines.join("\n"));
  // Synchronously, so that nobody reads meanwhile.
  assert.ok(new Deno.Command("ip", { args: ["-batch", batch] }).outputSync().success);
  await until(() => has("resync"));
  await run("ip link add br1 type bridge");
  await until(() => has("link-changed", "br1"));
  stop.abort();
  await ended;
  await kernel.close();
  await Deno.remove(batch);
});

Deno.test("listening stops without a trace: on abort, on break, on close", async () => {
  await using _lab = enterLab();
  const before = openDescriptors();
  for (let round = 0; round < 10; round++) {
    const kernel = await openKernel();
    const stop = new AbortController();
    const [first, second] = [
      listen(kernel, stop.signal),
      listen(kernel, new AbortController().signal),
    ];
    await run("ip link set lo up");
    await until(() => second.has("link-changed", "lo"));
    stop.abort();
    await first.ended;
    const left = (async () => {
      for await (const event of kernel.events(new AbortController().signal)) return event;
      return undefined;
    })();
    await run("ip link set lo down");
    assert.deepEqual(await left, { type: "link-changed", name: "lo" });
    await kernel.close();
    await second.ended;
  }
  assert.equal(openDescriptors(), before);
});

Deno.test("listening goes on for those who come after the last had left", async () => {
  await using _lab = enterLab();
  const kernel = await openKernel();
  for (const name of ["first0", "second0"]) {
    const stop = new AbortController();
    const { ended, has } = listen(kernel, stop.signal);
    await run(`ip link add ${name} type bridge`);
    await until(() => has("link-changed", name));
    stop.abort();
    await ended;
  }
  await kernel.close();
});
