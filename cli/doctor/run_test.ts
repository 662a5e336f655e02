import assert from "node:assert/strict";
import type { Facts } from "./facts.ts";
import { formatFindings, type Level } from "./finding.ts";
import { examine } from "./run.ts";

const HEALTHY: Facts = {
  settings: {
    store: { kind: "embedded", path: "/var/lib/contiv/state.db" },
    ovsRunDirectory: "/run/openvswitch",
    runDirectory: "/run/contiv",
    pluginSocket: "/run/docker/plugins/netplugin.sock",
    dockerSocket: "/var/run/docker.sock",
    privateSubnet: "172.19.0.0/16",
  },
  kernel: "6.1.0-18-amd64",
  libc: { value: "2.36" },
  uid: 0,
  capabilities: 0x1ffffffffffn,
  veth: { value: true },
  switch: {
    installed: { value: "3.1.0" },
    running: { value: "3.1.0" },
    bridges: { value: ["contiv0"] },
    kernelModule: true,
    datapath: "system",
    nativeLibrary: { value: "libopenvswitch 3.1.0" },
  },
  vtepAddress: "192.0.2.2",
  docker: { value: "20.10.24" },
  agent: { state: "running" },
  driver: { state: "answers", interfaces: ["NetworkDriver", "IpamDriver"] },
  ports: [{ port: 9999, use: "REST API", state: "free" }],
  addresses: [
    { link: "lo", address: "127.0.0.1", length: 8, mtu: 65536 },
    { link: "eth0", address: "192.0.2.2", length: 24, mtu: 1500 },
    { link: "contivh0", address: "172.19.255.254", length: 16, mtu: 1450 },
  ],
  routes: [
    { prefix: "default", link: "eth0" },
    { prefix: "192.0.2.0/24", link: "eth0" },
    { prefix: "172.19.0.0/16", link: "contivh0" },
  ],
  forwarding: { ipv4: true, ipv6: true },
  iptables: { value: "iptables v1.8.9 (nf_tables)" },
  directories: [{ path: "/run/contiv", use: "the agent's socket" }],
  store: {
    path: "/var/lib/contiv/state.db",
    exists: true,
    tables: { value: 3 },
    freeBytes: { value: 2 ** 33 },
  },
  now: Date.UTC(2026, 5, 1),
};

const error = { error: "some reason" };
const tap = { link: "docker0", address: "172.19.0.1", length: 16, mtu: 1500 };

const etcd = {
  settings: {
    ...HEALTHY.settings,
    store: { kind: "etcd" as const, endpoints: ["a:1", "b:1"], warnings: [] },
  },
};
const members = (...healthy: boolean[]) => ({
  ...etcd,
  store: {
    exists: false,
    freeBytes: error,
    members: {
      value: healthy.map((each, at) => ({
        endpoint: `${"ab"[at]}:1`,
        healthy: each,
        ...(each ? {} : { detail: "refused" }),
      })),
    },
  },
});

const CASES: [why: string, change: Partial<Facts>, what: string, level: Level, says: RegExp][] = [
  ["all of etcd serves", members(true, true), "store", "ok", /^2 of 2 servers of etcd serve/],
  ["a part of etcd serves", members(true, false), "store", "warn", /^1 of 2 servers/],
  [
    "a server of etcd is dead",
    members(true, false),
    "store server",
    "warn",
    /^b:1 does not serve: refused/,
  ],
  ["nothing of etcd serves", members(false, false), "store", "fail", /^0 of 2 servers/],
  [
    "a key can be read by others",
    {
      ...members(true, true),
      settings: {
        ...etcd.settings,
        store: { ...etcd.settings.store, warnings: ["/k may be read by others: chmod 600 /k"] },
      },
    },
    "store",
    "warn",
    /\/k may be read/,
  ],
  [
    "not root",
    { uid: 1000, capabilities: 0n },
    "rights",
    "fail",
    /CAP_NET_ADMIN and CAP_SYS_ADMIN/,
  ],
  [
    "a directory is closed",
    { directories: [{ path: "/run/contiv", use: "socket", error: "uid 5 may not write" }] },
    "directory /run/contiv",
    "fail",
    /uid 5/,
  ],
  ["the kernel is old", { kernel: "3.10.0-1160.el7" }, "kernel", "warn", /4\.19/],
  ["the kernel is new", { kernel: "10.0.1" }, "kernel", "ok", /10\.0\.1/],
  ["libc cannot be called", { libc: error }, "C library", "fail", /some reason/],
  ["no veth", { veth: error }, "veth and namespaces", "fail", /some reason/],
  [
    "Open vSwitch is absent",
    { switch: { ...HEALTHY.switch, installed: error } },
    "Open vSwitch",
    "fail",
    /some reason/,
  ],
  [
    "Open vSwitch is stopped",
    { switch: { ...HEALTHY.switch, running: error } },
    "ovs-vswitchd",
    "warn",
    /starts it/,
  ],
  [
    "there is no kernel module",
    { switch: { ...HEALTHY.switch, kernelModule: false } },
    "datapath",
    "warn",
    /userspace/,
  ],
  [
    "there is no bridge yet",
    { switch: { ...HEALTHY.switch, bridges: { value: [] } } },
    "bridge",
    "ok",
    /makes it/,
  ],
  ["the native library is there", {}, "flows", "ok", /natively, by libopenvswitch 3\.1\.0/],
  [
    "the native library is absent",
    { switch: { ...HEALTHY.switch, nativeLibrary: error } },
    "flows",
    "ok",
    /by ovs-ofctl: some reason/,
  ],
  ["Docker is stopped", { docker: error }, "Docker engine", "warn", /some reason/],
  ["Docker is old", { docker: { value: "19.03.15" } }, "Docker engine", "warn", /older/],
  ["Contiv does not run", { agent: { state: "absent" } }, "Contiv agent", "ok", /does not run/],
  [
    "Contiv was killed",
    { agent: { state: "silent", error: "Connection refused" } },
    "Contiv agent",
    "warn",
    /killed or hangs \(Connection refused\)/,
  ],
  [
    "Contiv cannot do its work",
    { agent: { state: "troubled", trouble: "ovsdb is gone" } },
    "Contiv agent",
    "fail",
    /ovsdb is gone/,
  ],
  ["the driver is not there", { driver: { state: "absent" } }, "Docker driver", "ok", /make it/],
  [
    "the driver's socket is dead",
    { driver: { state: "silent", error: "Connection refused" } },
    "Docker driver",
    "warn",
    /nobody answers on \/run\/docker/,
  ],
  [
    "something else has the driver's socket",
    { driver: { state: "answers", interfaces: ["VolumeDriver"] } },
    "Docker driver",
    "fail",
    /no network driver/,
  ],
  [
    "Docker was not asked for",
    { docker: error, settings: { ...HEALTHY.settings, dockerSocket: "none" } },
    "Docker engine",
    "ok",
    /not asked/,
  ],
  [
    "a port is taken",
    { ports: [{ port: 9999, use: "REST API", state: "taken" }] },
    "port 9999",
    "fail",
    /another program/,
  ],
  [
    "Contiv runs already",
    { ports: [{ port: 9999, use: "REST API", state: "ours" }] },
    "port 9999",
    "ok",
    /running Contiv/,
  ],
  [
    "an address clashes",
    { addresses: [tap] },
    "private subnet",
    "fail",
    /172\.19\.0\.1\/16 on docker0/,
  ],
  [
    "a route clashes",
    { routes: [{ prefix: "172.16.0.0/12", link: "vpn0" }] },
    "private subnet",
    "fail",
    /172\.16\.0\.0\/12 on vpn0/,
  ],
  [
    "forwarding is off",
    { forwarding: { ipv4: true, ipv6: false } },
    "forwarding",
    "ok",
    /off for IPv6/,
  ],
  ["no iptables", { iptables: error }, "NAT", "fail", /some reason/],
  ["no default route", { routes: [] }, "way out", "warn", /no default route/],
  [
    "a small MTU",
    { addresses: [{ link: "eth0", address: "192.0.2.2", length: 24, mtu: 1300 }] },
    "MTU",
    "warn",
    /1250: too little for IPv6/,
  ],
  [
    "the agent says what keeps it from other hosts",
    { agent: { state: "running", warning: "no tunnel" } },
    "Contiv agent",
    "warn",
    /but: no tunnel$/,
  ],
  [
    "the store is broken",
    { store: { ...HEALTHY.store, tables: error } },
    "store",
    "fail",
    /some reason/,
  ],
  [
    "the store is another file's absence",
    { store: { path: "/x", exists: false, freeBytes: { value: 2 ** 33 } } },
    "store",
    "ok",
    /not there yet/,
  ],
  [
    "the disk is full",
    { store: { ...HEALTHY.store, freeBytes: { value: 1024 } } },
    "disk space",
    "warn",
    /0 MiB/,
  ],
  ["the clock was never set", { now: 0 }, "clock", "warn", /1970/],
];

Deno.test("examine finds a healthy host healthy", () => {
  assert.deepEqual(examine(HEALTHY).filter((finding) => finding.level !== "ok"), []);
});

for (const [why, change, what, level, says] of CASES) {
  Deno.test(`examine says ${level} about ${what} when ${why}`, () => {
    const findings = examine({ ...HEALTHY, ...change });
    const finding = findings.find((finding) => finding.what === what);
    assert.equal(finding?.level, level);
    assert.match(finding?.finding ?? "", says);
    for (const { level, mend } of findings) assert.ok(level !== "fail" || mend, "how to mend it");
  });
}

Deno.test("formatFindings shows what mends a problem under it, and the counts", () => {
  const text = formatFindings([
    { level: "ok", what: "kernel", finding: "6.1" },
    { level: "fail", what: "NAT", finding: "no iptables", mend: "apt-get install iptables" },
  ]);
  assert.equal(
    text,
    "ok    kernel: 6.1\nFAIL  NAT: no iptables\n        apt-get install iptables\n\n1 ok, 0 warnings, 1 failure",
  );
});
