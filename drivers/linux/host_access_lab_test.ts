import { strict as assert } from "node:assert";
import { type HostAccessSpec, type Kernel, KernelError } from "../../mod/agent/kernel.ts";
import { type KernelOptions, openKernel } from "./kernel.ts";
import type { NatTools } from "./nat.ts";
import { enterLab, type Lab, run } from "./testing/private_namespace.ts";

const SPEC: HostAccessSpec = {
  link: "contivh0",
  mac: "02:02:ac:13:ff:fe",
  mtu: 1450,
  addresses: ["172.19.255.254/16", "fdc0:171f:ac13::fffe/64"],
  masquerade: ["172.19.0.0/16", "fdc0:171f:ac13::/64"],
};

const NFT_ONLY: Partial<NatTools> = { iptables: "no-such-iptables", ip6tables: "no-such-iptables" };
const VARIANTS: readonly [name: string, tools: Partial<NatTools>, save: string][] = [
  ["iptables-nft", { iptables: "iptables-nft", ip6tables: "ip6tables-nft" }, "iptables-nft-save"],
  [
    "iptables-legacy",
    { iptables: "iptables-legacy", ip6tables: "ip6tables-legacy" },
    "iptables-legacy-save",
  ],
  ["nft", NFT_ONLY, "nft list ruleset"],
];

/** Our namespace is the host; `container` is behind contivh0; `outside` is behind uplink0 and knows nothing of the containers' addresses. */
async function world(lab: Lab) {
  const [container, outside] = [lab.namespace().path, lab.namespace().path];
  await run(`ip link add contivh0 type veth peer name eth0 netns ${container}`);
  await run(`ip link add uplink0 type veth peer name eth0 netns ${outside}`);
  for (
    const [command, where] of [
      ["ip addr add 192.0.2.1/24 dev uplink0"],
      ["ip addr add 2001:db8::1/64 dev uplink0 nodad"],
      ["ip link set uplink0 up"],
      ["ip link set lo up"],
      ["ip addr add 192.0.2.2/24 dev eth0", outside],
      ["ip addr add 2001:db8::2/64 dev eth0 nodad", outside],
      ["ip link set eth0 up", outside],
      ["ip addr add 172.19.0.5/16 dev eth0", container],
      ["ip addr add fdc0:171f:ac13::5/64 dev eth0 nodad", container],
      ["ip link set eth0 up", container],
      ["ip route add default via 172.19.255.254", container],
      ["ip -6 route add default via fdc0:171f:ac13::fffe", container],
    ] as const
  ) await run(command, where);
  return { container, outside };
}

function lab(
  name: string,
  options: KernelOptions,
  test: (kernel: Kernel, lab: Lab) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using lab = enterLab();
    const kernel = await openKernel(options);
    try {
      await test(kernel, lab);
    } finally {
      await kernel.close();
    }
  });
}

const ping = (address: string, from: string) => run(`ping -c1 -W2 ${address}`, from);

/** Everything about addresses, links, routes and rules that could have changed; counters and carrier left out. */
async function picture(save: string): Promise<string> {
  const rules = await run(save);
  const rules6 = save.startsWith("ip") ? await run(save.replace("ip", "ip6")) : "";
  return [
    (rules + rules6).replaceAll(/^#.*$|\[\d+:\d+\]/gm, ""),
    await run("ip -o addr show scope global"),
    (await run("ip -o link show contivh0")).replaceAll(/<.*>|state \w+/g, ""),
    await run("ip route"),
  ].join("\n").replaceAll(/(valid_lft|preferred_lft) \d+sec/g, "");
}

for (const [variant, natTools, save] of VARIANTS) {
  lab(
    `containers reach the world through the host by ${variant}`,
    { natTools },
    async (kernel, lab) => {
      const { container, outside } = await world(lab);
      if (variant !== "nft") {
        await run(`${natTools.iptables} -P FORWARD DROP`);
        await run(`${natTools.ip6tables} -P FORWARD DROP`);
      }
      await assert.rejects(ping("192.0.2.2", container));
      await kernel.ensureHostAccess(SPEC);
      await ping("172.19.255.254", container);
      await ping("192.0.2.2", container);
      await ping("2001:db8::2", container);
      if (variant !== "nft") {
        await run("ip route add 172.19.0.0/16 via 192.0.2.1", outside);
        await assert.rejects(
          ping("172.19.0.5", outside),
          "new connections from outside must not pass",
        );
      }
    },
  );

  lab(
    `host access changes nothing when it is ensured again by ${variant}`,
    { natTools },
    async (kernel, lab) => {
      await world(lab);
      await kernel.ensureHostAccess(SPEC);
      const before = await picture(save);
      await kernel.ensureHostAccess(SPEC);
      assert.equal(await picture(save), before);
    },
  );

  lab(
    `host access is repaired when somebody flushed rules of ${variant}`,
    { natTools },
    async (kernel, lab) => {
      const { container } = await world(lab);
      await kernel.ensureHostAccess(SPEC);
      const flushes = variant === "nft" ? ["nft flush ruleset"] : [
        `${natTools.iptables} -t nat -F`,
        `${natTools.iptables} -F FORWARD`,
        `${natTools.iptables} -F CONTIV-FORWARD`,
        `${natTools.ip6tables} -t nat -F POSTROUTING`,
      ];
      const before = await picture(save);
      for (const flush of flushes) {
        await run(flush);
        assert.notEqual(await picture(save), before);
        await kernel.ensureHostAccess(SPEC);
        assert.equal(await picture(save), before);
      }
      await ping("192.0.2.2", container);
    },
  );

  lab(
    `removing host access leaves the rules of others by ${variant}`,
    { natTools },
    async (kernel, lab) => {
      await world(lab);
      const foreign = variant === "nft"
        ? ["nft add table ip others", "nft add chain ip others c"]
        : [
          `${natTools.iptables} -t nat -A POSTROUTING -s 10.5.0.0/16 -j MASQUERADE`,
          `${natTools.ip6tables} -t nat -A POSTROUTING -s fd05::/64 -j MASQUERADE`,
          `${natTools.iptables} -A FORWARD -i other0 -j DROP`,
          `${natTools.ip6tables} -A FORWARD -i other0 -j DROP`,
        ];
      for (const command of foreign) await run(command);
      const rules = async () =>
        (await run(save) + (variant === "nft" ? "" : await run(save.replace("ip", "ip6"))))
          .replaceAll(/^#.*$|\[\d+:\d+\]/gm, "");
      const before = await rules();
      await kernel.ensureHostAccess(SPEC);
      assert.notEqual(await rules(), before);
      await kernel.removeHostAccess(SPEC);
      assert.equal(await rules(), before);
      assert.doesNotMatch(await run("ip -o addr show dev contivh0"), /172\.19|fdc0/);
      await kernel.removeHostAccess(SPEC);
    },
  );
}

lab(
  "host access sets link, addresses and sysctls, and keeps an address that is not ours",
  {},
  async (kernel, lab) => {
    await world(lab);
    await run("ip addr add 172.19.1.1/16 dev contivh0");
    await run("ip addr add 10.250.0.1/24 dev contivh0");
    await kernel.ensureHostAccess(SPEC);
    const addresses = await run("ip -o addr show dev contivh0");
    assert.match(addresses, /inet 172\.19\.255\.254\/16 /);
    assert.match(addresses, /inet6 fdc0:171f:ac13::fffe\/64 /);
    assert.match(addresses, /inet 10\.250\.0\.1\/24 /);
    assert.doesNotMatch(addresses, /172\.19\.1\.1/);
    const [link] = JSON.parse(await run("ip -j link show contivh0"));
    assert.deepEqual([link.address, link.mtu], [SPEC.mac, SPEC.mtu]);
    const keys = [
      "ipv4.ip_forward",
      "ipv6.conf.all.forwarding",
      "ipv4.conf.contivh0.rp_filter",
      "ipv6.conf.contivh0.accept_dad",
    ];
    const values = await Promise.all(keys.map((key) => run(`sysctl -n net.${key}`)));
    assert.deepEqual(values.map((it) => it.trim()), ["1", "1", "2", "0"]);
  },
);

lab(
  "host access keeps the default route that an uplink has from an advertisement",
  {},
  async (kernel, lab) => {
    await world(lab);
    await run("ip -6 route add default via fe80::1 dev uplink0 proto ra");
    await kernel.ensureHostAccess(SPEC);
    assert.equal((await run("sysctl -n net.ipv6.conf.uplink0.accept_ra")).trim(), "2");
    assert.equal((await run("sysctl -n net.ipv6.conf.contivh0.accept_ra")).trim(), "1");
    assert.match(await run("ip -6 route"), /default via fe80::1 dev uplink0 proto ra/);
  },
);

lab("host access says what is missing when the link or every tool is", {
  natTools: { ...NFT_ONLY, nft: "no-such-nft" },
}, async (kernel, lab) => {
  const rejection = (text: RegExp) => (error: unknown) =>
    error instanceof KernelError && text.test(error.message);
  await assert.rejects(
    kernel.ensureHostAccess(SPEC),
    rejection(/no link contivh0.*ovs-vsctl show/),
  );
  await world(lab);
  await assert.rejects(kernel.ensureHostAccess(SPEC), rejection(/Install iptables or nftables/));
});

lab(
  "the underlay is the link that has the address, else as small as the smallest",
  {},
  async (kernel, lab) => {
    assert.deepEqual(await kernel.underlay("192.0.2.200"), { mtu: 1500 });
    await world(lab);
    await run("ip link set uplink0 mtu 1420");
    await run("ip addr add 172.19.255.254/16 dev contivh0");
    assert.equal((await kernel.underlay("192.0.2.200")).mtu, 1420);
    await run("ip addr add 203.0.113.9/32 dev uplink0");
    const { link, mtu } = await kernel.underlay("203.0.113.9");
    assert.deepEqual([link, mtu], ["uplink0", 1420]);
  },
);
