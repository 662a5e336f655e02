import assert from "node:assert/strict";
import type { Level } from "../finding.ts";
import { checkTunnels } from "./tunnels.ts";

type Subject = Parameters<typeof checkTunnels>[0];

const OWN = "192.0.2.2";
const eth0 = { link: "eth0", address: OWN, length: 24, mtu: 1500 };

/** A host in a cluster whose store knows it and `others`, before its agent runs. */
function subject(others: readonly string[], change: Partial<Subject> = {}): Subject {
  const nothing = { error: "not asked for" };
  return {
    addresses: [eth0],
    agent: { state: "absent" },
    store: { exists: false, freeBytes: nothing, vteps: [OWN, ...others] },
    switch: {
      installed: { value: "3.1.0" },
      running: { value: "3.1.0" },
      bridges: { value: [] },
      nativeLibrary: nothing,
      kernelModule: true,
      datapath: "system",
    },
    vtepAddress: OWN,
    ...change,
  };
}

const userspace = { ...subject([]).switch, datapath: "netdev" as const };

const CASES: [why: string, subject: Subject, level: Level, says: RegExp][] = [
  ["no other host is known", subject([]), "ok", /no other host/],
  ["the kernel tunnels", subject(["192.0.2.3"]), "ok", /^from 192\.0\.2\.2 to 1 other host$/],
  [
    "the userspace datapath has the VTEP address on a plain link",
    subject(["192.0.2.3", "192.0.2.4"], { switch: userspace }),
    "warn",
    /^to 2 other hosts: .*192\.0\.2\.2 is on eth0, .*`ovs-vsctl add-br br-underlay/,
  ],
  [
    "the userspace datapath has the VTEP address on a bridge of its own",
    subject(["192.0.2.3"], { switch: userspace, addresses: [{ ...eth0, kind: "tun" }] }),
    "ok",
    /to 1 other host$/,
  ],
  [
    "no link has the VTEP address",
    subject(["192.0.2.3"], { vtepAddress: "192.0.2.9" }),
    "warn",
    /No link .* 192\.0\.2\.9.*--vtep-ip/,
  ],
];

for (const [why, facts, level, says] of CASES) {
  Deno.test(`the check of tunnels says ${level} when ${why}`, () => {
    const [finding] = checkTunnels(facts);
    assert.equal(finding?.level, level);
    assert.match(finding?.finding ?? "", says);
  });
}

Deno.test("the check of tunnels leaves them to an agent that runs, and says nothing without a cluster", () => {
  assert.deepEqual(checkTunnels(subject(["192.0.2.3"], { agent: { state: "running" } })), []);
  const { vteps: _, ...store } = subject([]).store;
  assert.deepEqual(checkTunnels(subject([], { store })), []);
});
