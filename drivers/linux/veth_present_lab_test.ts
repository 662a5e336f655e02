import { strict as assert } from "node:assert";
import { type EndpointLinkSpec, type Kernel, KernelError } from "../../mod/agent/kernel.ts";
import { openKernel } from "./kernel.ts";
import { LINK_GROUP } from "./names.ts";
import { enterLab, type Lab, run } from "./testing/private_namespace.ts";

const ALIAS = "contiv:net.default-e1";

const inContainer = (namespace: string): EndpointLinkSpec => ({
  ...{ hostLink: "vvport1", alias: ALIAS, mtu: 1450, checksumOffload: false },
  peer: {
    name: "eth0",
    mac: "02:02:0a:01:02:03",
    namespace,
    addresses: ["10.1.2.3/24", "fd00:1::3/64"],
    gateways: ["10.1.2.254", "fd00:1::fe"],
  },
});

const forDocker = (): EndpointLinkSpec => ({
  ...{ hostLink: "vvport1", alias: ALIAS, mtu: 1450, checksumOffload: false },
  peer: { name: "vport1", mac: "02:02:0a:01:02:03" },
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

/** The switch's end as the kernel has it now, before anything else can happen: `present` may not wait. */
function hostEnd(): { flags: string[]; ifalias?: string } | undefined {
  const args = ["-j", "link", "show", "vvport1"];
  const { success, stdout } = new Deno.Command("ip", { args, stderr: "null" }).outputSync();
  return success ? JSON.parse(new TextDecoder().decode(stdout))[0] : undefined;
}

/** Makes the pair; what there was at each call of `present`, and "resolved" or "rejected" after the last that happened. */
async function make(kernel: Kernel, spec: EndpointLinkSpec): Promise<readonly string[]> {
  const seen: string[] = [];
  const present = () => {
    const link = hostEnd();
    const state = link?.flags.includes("UP") ? "up" : "down";
    seen.push(link ? `${state}, ${link.ifalias ?? "no alias"}` : "absent");
  };
  await kernel.createEndpointLink(spec, present)
    .then(() => seen.push("resolved"), () => seen.push("rejected"));
  return seen;
}

const unfinished = async (kernel: Kernel) =>
  (await kernel.links()).filter((link) => link.unfinished).map(({ name }) => name).sort();

lab("endpoint link is told to be present once, up, before it is whole", async (kernel, lab) => {
  const { path } = lab.namespace();
  assert.deepEqual(await make(kernel, inContainer(path)), ["up, no alias", "resolved"]);
  await kernel.deleteEndpointLink("vvport1");
  assert.deepEqual(await make(kernel, forDocker()), ["up, no alias", "resolved"]);
});

lab(
  "endpoint link that is there is told to be present once, when it is whole",
  async (kernel, lab) => {
    const { path } = lab.namespace();
    await kernel.createEndpointLink(inContainer(path));
    assert.deepEqual(await make(kernel, inContainer(path)), [`up, ${ALIAS}`, "resolved"]);
    await run("ip link set vvport1 down");
    assert.deepEqual(await make(kernel, inContainer(path)), [`up, ${ALIAS}`, "resolved"]);
  },
);

lab("endpoint link that Docker has fetched is told to be present once", async (kernel, lab) => {
  const { path } = lab.namespace();
  await kernel.createEndpointLink(forDocker());
  await run(`ip link set vport1 netns ${path} name eth0`);
  await run("ip link set vvport1 down");
  assert.deepEqual(await make(kernel, forDocker()), [`up, ${ALIAS}`, "resolved"]);
});

lab(
  "endpoint link whose making was cut short is made anew, and told to be present once",
  async (kernel, lab) => {
    const { path } = lab.namespace();
    await run(`ip link add vvport1 group ${LINK_GROUP} type veth peer name stray`);
    assert.deepEqual(await make(kernel, inContainer(path)), ["up, no alias", "resolved"]);
  },
);

lab(
  "endpoint link that was told to be present is gone again when its container's end fails",
  async (kernel, lab) => {
    const { path } = lab.namespace();
    await run("ip link add other type bridge", path);
    await run("ip link set other up", path);
    await run("ip addr add 10.7.7.1/24 dev other", path);
    await run("ip route add default via 10.7.7.2", path);
    assert.deepEqual(await make(kernel, inContainer(path)), ["up, no alias", "rejected"]);
    assert.equal(hostEnd(), undefined);
    assert.doesNotMatch(await run("ip -o link", path), /eth0/);
  },
);

lab("endpoint link that cannot be made is not told to be present", async (kernel, lab) => {
  const { path } = lab.namespace();
  await run("ip link add eth0 type bridge", path);
  assert.deepEqual(await make(kernel, inContainer(path)), ["rejected"]);
  assert.deepEqual(await make(kernel, inContainer("/nowhere")), ["rejected"]);
});

lab("endpoint link is gone again when who is told of it fails", async (kernel, lab) => {
  const { path } = lab.namespace();
  const fail = () => {
    throw new KernelError("failed", "told");
  };
  await assert.rejects(kernel.createEndpointLink(inContainer(path), fail), /told/);
  assert.equal(hostEnd(), undefined);
});

lab(
  "ends of a pair whose making was cut short are listed as unfinished, and nobody else's links",
  async (kernel, lab) => {
    const { path } = lab.namespace();
    await kernel.createEndpointLink(inContainer(path));
    await run("ip link add stranger type veth peer name stranger2");
    await run(`ip link add grouped0 group ${LINK_GROUP} type bridge`);
    assert.deepEqual(await unfinished(kernel), []);
    await run(
      `ip link add vvport2 group ${LINK_GROUP} type veth peer name vport2 group ${LINK_GROUP}`,
    );
    assert.deepEqual(await unfinished(kernel), ["vport2", "vvport2"]);
    await run("ip link set vvport2 alias contiv:net.default-e2");
    assert.deepEqual(await unfinished(kernel), ["vport2"]);
  },
);

lab(
  "what is wrong with the container's end is said before what that makes of its routes",
  async (kernel, lab) => {
    const { path } = lab.namespace();
    await kernel.createEndpointLink(inContainer(path));
    await run("ip link set eth0 down", path);
    await run("ip link set eth0 name other0", path);
    await run("ip link add eth0 type bridge", path);
    await run("ip link set eth0 up", path);
    await run("ip route add default dev eth0", path);
    await assert.rejects(
      kernel.createEndpointLink(inContainer(path)),
      { name: "KernelError", code: "exists", message: /cannot change link eth0: EEXIST/ },
    );
  },
);
