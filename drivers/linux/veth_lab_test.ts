import { strict as assert } from "node:assert";
import { type EndpointLinkSpec, type Kernel, KernelError } from "../../mod/agent/kernel.ts";
import { openKernel } from "./kernel.ts";
import { OffloadSocket } from "./offload.ts";
import { OwnNamespace } from "./namespace.ts";
import { NetlinkSocket } from "./netlink/socket.ts";
import { createPair } from "./veth_creation.ts";
import { planOf } from "./veth_plan.ts";
import { enterLab, type Lab, run, until } from "./testing/private_namespace.ts";

const inPlace = (
  namespace: string,
  more: Partial<EndpointLinkSpec> = {},
): EndpointLinkSpec => ({
  hostLink: "vvport1",
  alias: "contiv:net.default-e1",
  mtu: 1450,
  checksumOffload: false,
  peer: {
    name: "eth0",
    mac: "02:02:0a:01:02:03",
    namespace,
    addresses: ["10.1.2.3/24", "fd00:1::3/64"],
    gateways: ["10.1.2.254", "fd00:1::fe"],
  },
  ...more,
});

const parked = (more: Partial<EndpointLinkSpec> = {}): EndpointLinkSpec => ({
  hostLink: "vvport1",
  alias: "contiv:net.default-e1",
  mtu: 1450,
  checksumOffload: false,
  peer: { name: "vport1", mac: "02:02:0a:01:02:03" },
  ...more,
});

function lab(name: string, test: (kernel: Kernel, lab: Lab) => Promise<void>): void {
  Deno.test(name, async () => {
    await using lab = enterLab();
    const kernel = await openKernel();
    try {
      await test(kernel, lab);
    } finally {
      await kernel.close();
    }
  });
}

const names = async (kernel: Kernel) => (await kernel.links()).map(({ name }) => name).sort();
const code = (expected: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof KernelError, String(error));
  assert.equal(error.code, expected, error.message);
  assert.match(error.message, text);
  return true;
};

function transmitChecksum(namespace: string, link: string): boolean {
  const own = new OwnNamespace();
  const other = own.open(namespace);
  const socket = other.enter(() => new OffloadSocket());
  try {
    return socket.transmitChecksum(link);
  } finally {
    socket.close();
    other.close();
    own.close();
  }
}

async function assertContainer(namespace: string): Promise<void> {
  const [link] = JSON.parse(await run("ip -j -d link show eth0", namespace));
  assert.equal(link.address, "02:02:0a:01:02:03");
  assert.equal(link.mtu, 1450);
  assert.equal(link.ifalias, "contiv:net.default-e1");
  assert.ok(link.flags.includes("UP"));
  const addresses = await run("ip -o addr show dev eth0", namespace);
  assert.match(addresses, /inet 10\.1\.2\.3\/24 /);
  assert.match(addresses, /inet6 fd00:1::3\/64 scope global nodad/);
  assert.match(await run("ip route", namespace), /^default via 10\.1\.2\.254 dev eth0 proto 67/m);
  assert.match(await run("ip -6 route", namespace), /^default via fd00:1::fe dev eth0 proto 67/m);
  assert.match(await run("ip link show lo", namespace), /<LOOPBACK,UP/);
}

lab("endpoint link is whole when its peer is made in the container", async (kernel, lab) => {
  const { path } = lab.namespace();
  await kernel.createEndpointLink(inPlace(path));
  await assertContainer(path);
  const host = (await kernel.links()).find(({ name }) => name === "vvport1");
  assert.equal(host?.alias, "contiv:net.default-e1");
  assert.equal(host?.kind, "veth");
  assert.equal(host?.mtu, 1450);
  assert.equal(host?.up, true);
  assert.equal(await run("ip -o -6 addr show dev vvport1"), "");
  assert.equal(transmitChecksum(path, "eth0"), false);
});

lab("endpoint link keeps checksum offload when the datapath can do it", async (kernel, lab) => {
  const { path } = lab.namespace();
  await kernel.createEndpointLink(inPlace(path, { checksumOffload: true }));
  assert.equal(transmitChecksum(path, "eth0"), true);
});

lab(
  "endpoint link takes IPv6 addresses when the runtime had turned IPv6 off",
  async (kernel, lab) => {
    const { path } = lab.namespace();
    await run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1", path);
    await kernel.createEndpointLink(inPlace(path));
    await assertContainer(path);
  },
);

lab("endpoint link reaches its gateway when that is outside of its prefix", async (kernel, lab) => {
  const { path } = lab.namespace();
  const spec = inPlace(path);
  const peer = { ...spec.peer, addresses: ["10.1.2.3/32"], gateways: ["10.9.9.9"] };
  await kernel.createEndpointLink({ ...spec, peer });
  assert.match(await run("ip route", path), /^default via 10\.9\.9\.9 dev eth0 proto 67 onlink/m);
});

lab("endpoint link stays as it is when it is created again", async (kernel, lab) => {
  const { path } = lab.namespace();
  await kernel.createEndpointLink(inPlace(path));
  const index = async () => JSON.parse(await run("ip -j link show vvport1"))[0].ifindex;
  const before = await index();
  await kernel.createEndpointLink(inPlace(path));
  assert.equal(await index(), before);
  await assertContainer(path);
});

const DAMAGE: readonly [what: string, where: "host" | "container", command: string][] = [
  ["an address is missing", "container", "ip addr del 10.1.2.3/24 dev eth0"],
  ["an IPv6 address is missing", "container", "ip addr del fd00:1::3/64 dev eth0"],
  ["the route is missing", "container", "ip route del default"],
  ["the peer is down", "container", "ip link set eth0 down"],
  ["the peer's MAC is another", "container", "ip link set eth0 address 02:02:0a:01:02:99"],
  ["the peer's MTU is another", "container", "ip link set eth0 mtu 1400"],
  ["the peer is renamed", "container", "ip link set eth0 down name other0"],
  ["the host end is down", "host", "ip link set vvport1 down"],
  ["the host end's MTU is another", "host", "ip link set vvport1 mtu 1300"],
];
for (const [what, where, command] of DAMAGE) {
  lab(`endpoint link is completed when ${what}`, async (kernel, lab) => {
    const { path } = lab.namespace();
    await kernel.createEndpointLink(inPlace(path));
    for (const step of command.split("; ")) {
      if (step.includes(" down name ")) {
        await run("ip link set eth0 down", path);
        await run("ip link set eth0 name other0", path);
      } else await run(step, where === "container" ? path : undefined);
    }
    await kernel.createEndpointLink(inPlace(path));
    await assertContainer(path);
    const host = (await kernel.links()).find(({ name }) => name === "vvport1");
    assert.deepEqual([host?.mtu, host?.up], [1450, true]);
  });
}

lab("endpoint link is made anew when its endpoint has another namespace", async (kernel, lab) => {
  const [first, second] = [lab.namespace(), lab.namespace()];
  await kernel.createEndpointLink(inPlace(first.path));
  await kernel.createEndpointLink(inPlace(second.path));
  await assertContainer(second.path);
  assert.doesNotMatch(await run("ip -o link", first.path), /eth0/);
});

lab(
  "endpoint link has no alias, and is not taken for whole, when its maker is killed half-way",
  async (kernel, lab) => {
    const { path } = lab.namespace();
    const own = new OwnNamespace();
    const container = own.open(path);
    const socket = NetlinkSocket.open();
    await createPair(socket, planOf(inPlace(path)), container.fd);
    await socket.close();
    container.close();
    own.close();
    assert.equal((await kernel.links()).find(({ name }) => name === "vvport1")?.alias, undefined);
    await kernel.createEndpointLink(inPlace(path));
    await assertContainer(path);
  },
);

lab("endpoint link is made anew when its making was cut short", async (kernel, lab) => {
  const { path } = lab.namespace();
  await run("ip link add vvport1 group 787479 type veth peer name stray");
  await kernel.createEndpointLink(inPlace(path));
  await assertContainer(path);
  assert.deepEqual(await names(kernel), ["lo", "vvport1"]);
});

lab("endpoint link is refused when its name belongs to another", async (kernel, lab) => {
  const { path } = lab.namespace();
  await run("ip link add vvport1 type veth peer name x1");
  await run("ip link set vvport1 alias contiv:other");
  const before = await run("ip -j -d link");
  await assert.rejects(
    kernel.createEndpointLink(inPlace(path)),
    code("exists", /belongs to contiv:other.*ip link delete vvport1/),
  );
  await assert.rejects(kernel.deleteEndpointLink("vvport1"), code("invalid", /not an endpoint/));
  assert.equal(await run("ip -j -d link"), before);
});

lab("endpoint link is refused when eth0 is taken in the container", async (kernel, lab) => {
  const { path } = lab.namespace();
  await run("ip link add eth0 type bridge", path);
  await assert.rejects(
    kernel.createEndpointLink(inPlace(path)),
    code("exists", /eth0 is taken in/),
  );
  assert.deepEqual(await names(kernel), ["lo"]);
});

lab("nothing stays behind when a later step fails", async (kernel, lab) => {
  const { path } = lab.namespace();
  await run("ip link add other type bridge", path);
  await run("ip link set other up", path);
  await run("ip addr add 10.7.7.1/24 dev other", path);
  await run("ip route add default via 10.7.7.2", path);
  await assert.rejects(
    kernel.createEndpointLink(inPlace(path)),
    code("exists", /add default route via 10\.1\.2\.254 dev eth0.*another default route already/),
  );
  assert.deepEqual(await names(kernel), ["lo"]);
  assert.doesNotMatch(await run("ip -o link", path), /eth0/);
});

lab("the kernel's own words are in the error when it refuses a gateway", async (kernel, lab) => {
  const { path } = lab.namespace();
  const spec = inPlace(path);
  const peer = { ...spec.peer, addresses: ["10.1.2.3/24"], gateways: ["10.1.2.255"] };
  await assert.rejects(
    kernel.createEndpointLink({ ...spec, peer }),
    code("invalid", /via 10\.1\.2\.255 dev eth0: EINVAL .*: Nexthop has invalid gateway/),
  );
  assert.deepEqual(await names(kernel), ["lo"]);
});

lab("a namespace that is gone, none at all or our own is refused", async (kernel, lab) => {
  const gone = lab.namespace();
  gone.drop();
  const create = (path: string) => kernel.createEndpointLink(inPlace(path));
  await assert.rejects(create(gone.path), code("not-found", /open network namespace/));
  await assert.rejects(create("/run"), code("invalid", /not a network namespace/));
  await assert.rejects(create("/etc/passwd"), code("invalid", /an ordinary file/));
  await assert.rejects(create("/proc/self/ns/uts"), code("invalid", /of another kind/));
  await assert.rejects(create("/proc/thread-self/ns/net"), code("invalid", /host's own/));
  assert.deepEqual(await names(kernel), ["lo"]);
});

lab("malformed specs are refused before anything is done", async (kernel, lab) => {
  const { path } = lab.namespace();
  const good = inPlace(path);
  const bad: EndpointLinkSpec[] = [
    ...["", "a/b", "..", "sixteen-bytes-xx", "a b", "eth%d"].map((hostLink) => ({
      ...good,
      hostLink,
    })),
    { ...good, alias: "x".repeat(256) },
    { ...good, mtu: 67 },
    { ...good, peer: { ...good.peer, mac: "01:00:5e:00:00:01" } },
    { ...good, peer: { ...good.peer, addresses: ["10.1.2.3"] } },
    { ...good, peer: { ...good.peer, gateways: ["10.1.2.1", "10.1.2.2"] } },
    parked({ peer: { name: "vport1", mac: good.peer.mac, addresses: ["10.1.2.3/24"] } }),
  ];
  for (const spec of bad) {
    await assert.rejects(kernel.createEndpointLink(spec), code("invalid", /./));
  }
  assert.deepEqual(await names(kernel), ["lo"]);
});

lab("Docker's form parks the peer in our namespace, down", async (kernel) => {
  await kernel.createEndpointLink(parked());
  const peer = (await kernel.links()).find(({ name }) => name === "vport1");
  assert.ok(peer);
  assert.equal(peer.up, false);
  assert.equal(peer.mac, "02:02:0a:01:02:03");
  assert.equal(peer.mtu, 1450);
  assert.equal(peer.alias, "contiv:net.default-e1");
  await kernel.createEndpointLink(parked());
  assert.deepEqual(await names(kernel), ["lo", "vport1", "vvport1"]);
});

lab("what Docker moved keeps its settings, and is left alone afterwards", async (kernel, lab) => {
  const { path } = lab.namespace();
  await kernel.createEndpointLink(parked());
  await run(`ip link set vport1 netns ${path} name eth0`);
  await run("ip link set eth0 up", path);
  assert.equal(transmitChecksum(path, "eth0"), false);
  assert.match(await run("ip link show eth0", path), /alias contiv:net\.default-e1/);
  await run("ip link set vvport1 down");
  const before = await run("ip -o addr show eth0", path);
  await kernel.createEndpointLink(parked());
  assert.equal(await run("ip -o addr show eth0", path), before);
  assert.match(await run("ip link show vvport1"), /[<,]UP[,>]/);
  assert.deepEqual(await names(kernel), ["lo", "vvport1"]);
});

lab("deleting removes both ends, and an absent link is no error", async (kernel, lab) => {
  const { path } = lab.namespace();
  await kernel.createEndpointLink(inPlace(path));
  await kernel.deleteEndpointLink("vvport1");
  await kernel.deleteEndpointLink("vvport1");
  assert.deepEqual(await names(kernel), ["lo"]);
  assert.doesNotMatch(await run("ip -o link", path), /eth0/);
});

lab("a creation asked for after a deletion of the same name prevails", async (kernel) => {
  await kernel.createEndpointLink(parked());
  const deleted = kernel.deleteEndpointLink("vvport1");
  await kernel.createEndpointLink(parked());
  await deleted;
  assert.deepEqual(await names(kernel), ["lo", "vport1", "vvport1"]);
});

lab("a hundred links are created and deleted in parallel", async (kernel, lab) => {
  const spaces = Array.from({ length: 100 }, () => lab.namespace().path);
  const hostLink = (at: number) => `vvport${at}`;
  await Promise.all(
    spaces.map((path, at) =>
      kernel.createEndpointLink(inPlace(path, { hostLink: hostLink(at), alias: `contiv:e${at}` }))
    ),
  );
  const links = await kernel.links();
  for (const at of spaces.keys()) {
    assert.equal(links.find(({ name }) => name === hostLink(at))?.alias, `contiv:e${at}`);
  }
  await Promise.all(spaces.map((_, at) => kernel.deleteEndpointLink(hostLink(at))));
  assert.deepEqual(await names(kernel), ["lo"]);
});

lab("no file descriptor is leaked by 200 creations and deletions", async (kernel, lab) => {
  const { path } = lab.namespace();
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = open();
  for (let round = 0; round < 100; round++) {
    await kernel.createEndpointLink(round % 2 ? parked() : inPlace(path));
    await kernel.deleteEndpointLink("vvport1");
    await assert.rejects(kernel.createEndpointLink(inPlace("/nowhere")));
  }
  await run("ip link add eth0 type bridge", path);
  for (let round = 0; round < 100; round++) {
    await assert.rejects(kernel.createEndpointLink(inPlace(path)));
  }
  await until(() => open() <= before);
});

lab("namespaces are found by name and by path", async (kernel) => {
  const name = `contiv-test-${Deno.pid}`;
  await run(`ip netns add ${name}`);
  try {
    assert.equal(await kernel.resolveNamespace(name), `/run/netns/${name}`);
    assert.equal(await kernel.resolveNamespace(`/run/netns/${name}`), `/run/netns/${name}`);
    assert.equal(await kernel.namespaceExists(`/run/netns/${name}`), true);
  } finally {
    await run(`ip netns del ${name}`);
  }
  assert.equal(await kernel.namespaceExists(`/run/netns/${name}`), false);
  assert.equal(await kernel.namespaceExists("/etc/passwd"), false);
  await assert.rejects(kernel.resolveNamespace(name), code("not-found", /ip netns list/));
  await assert.rejects(kernel.resolveNamespace("a/b"), code("invalid", /neither the name/));
  await assert.rejects(kernel.resolveNamespace("/etc/passwd"), code("invalid", /ordinary file/));
});
