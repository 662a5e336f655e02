import assert from "node:assert/strict";
import type { Allocation } from "../model/records.ts";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { addressKey, portKey } from "../state/keys.ts";
import { read } from "../state/snapshot.ts";
import { createEndpoint, releaseAddress, requestAddress, updateEndpoint } from "./endpoint.ts";
import { inspectObject } from "./objects.ts";
import { refusalOf, TestCluster } from "./testing.ts";

const SPACE = "default:net1";
const HOST = { now: 1, host: "hostA" };

function cluster(subnet = "20.1.1.0/24", more = {}): TestCluster {
  const made = new TestCluster();
  made.network("net1", subnet, { gateway: "20.1.1.254", ...more });
  return made;
}

const holder = (it: TestCluster, address: string): Allocation | undefined =>
  read<Allocation>(it.snapshot, addressKey(SPACE, address));

Deno.test("an endpoint holds record, both addresses and port, and frees them", () => {
  const it = cluster("20.1.1.0/24", { ipv6Subnet: "2016:430::/100", ipv6Gateway: "2016:430::1" });
  const before = it.snapshot.list("").length;
  const endpoint = it.endpoint("e1", { commonName: "/web" });
  assert.equal(endpoint.ipAddress, "20.1.1.1");
  assert.equal(endpoint.ipv6Address, "2016:430::2");
  assert.equal(endpoint.macAddress, "02:02:14:01:01:01");
  assert.equal(endpoint.intfName, "vport1");
  assert.equal(it.snapshot.list("").length, before + 4);
  assert.equal(
    JSON.stringify(inspectObject(it.snapshot, "endpoints", "we")),
    `{"Oper":{"key":"we","containerName":"web","endpointID":"e1","homingHost":"hostA","intfName":"vport1","ipAddress":["20.1.1.1","2016:430::2"],"labels":"map[]","macAddress":"02:02:14:01:01:01","network":"net1.default","virtualPort":"vvport1"}}`,
  );
  it.removeEndpoint("e1");
  assert.equal(it.snapshot.list("").length, before);
});

Deno.test("creating an endpoint again is a no-op when it asks for the same, else a conflict", () => {
  const it = cluster();
  const endpoint = it.endpoint("e1");
  const revision = it.snapshot.revision;
  assert.deepEqual(it.endpoint("e1", { address: "20.1.1.1" }), endpoint);
  assert.equal(it.snapshot.revision, revision);
  assert.equal(refusalOf(() => it.endpoint("e1", { address: "20.1.1.2" })).code, "conflict");
  assert.equal(refusalOf(() => it.endpoint("e1", {}, "hostB")).code, "conflict");
});

Deno.test("requested addresses are checked", () => {
  const it = cluster("20.1.1.10-20.1.1.50/24");
  it.group("g", "net1", { ipPool: "20.1.1.20-20.1.1.21" });
  it.endpoint("e1");
  for (
    const [address, message] of [
      ["20.1.2.1", "hostIP 20.1.2.1 is exceeding beyond subnet 20.1.1.0/24, hostID 257"],
      ["20.1.1.0", "ip address 20.1.1.0 is not available"],
      ["20.1.1.254", "ip address 20.1.1.254 is not available"],
      ["20.1.1.9", "ip address 20.1.1.9 is not available"],
      ["20.1.1.20", "ip address 20.1.1.20 is not available"],
      ["20.1.1.10", "ip address 20.1.1.10 is not available"],
      ["nonsense", "nonsense is not an IPv4 address"],
    ] as const
  ) assert.equal(refusalOf(() => it.endpoint("e2", { address })).message, message);
  assert.equal(refusalOf(() => it.endpoint("a/b")).code, "invalid");
  assert.equal(refusalOf(() => it.endpoint("e3", { group: "no" })).code, "not-found");
});

Deno.test("pools belong to their group, and exhaustion is told in the original's words", () => {
  const it = cluster("20.1.1.0/29", { gateway: "20.1.1.6" });
  it.group("g", "net1", { ipPool: "20.1.1.1-20.1.1.2" });
  const addresses = ["a", "b", "c"].map((id) => it.endpoint(id).ipAddress);
  assert.deepEqual(addresses, ["20.1.1.3", "20.1.1.4", "20.1.1.5"]);
  assert.equal(
    refusalOf(() => it.endpoint("d")).message,
    "auto allocation failed - address exhaustion in subnet 20.1.1.0/29",
  );
  assert.equal(it.endpoint("p1", { group: "g" }).ipAddress, "20.1.1.1");
  assert.equal(it.endpoint("p2", { group: "g" }, "hostB").portNumber, 1);
  assert.equal(
    refusalOf(() => it.endpoint("p3", { group: "g" })).message,
    "auto allocation failed - address exhaustion in pool 20.1.1.1-20.1.1.2",
  );
});

Deno.test("an address that Docker asked for outlives its endpoint until Docker releases it", () => {
  const it = cluster();
  const address = it.apply(requestAddress(it.snapshot, { space: SPACE, family: 4 }, HOST));
  it.endpoint("e1", { address });
  assert.deepEqual(holder(it, address)?.owner, { kind: "endpoint", id: "net1.default-e1" });
  const release = () => it.apply(releaseAddress(it.snapshot, { space: SPACE, address }, HOST));
  assert.equal(release(), false);
  it.removeEndpoint("e1");
  assert.equal(holder(it, address)?.owner.kind, "docker");
  assert.equal(it.endpoint("e2").ipAddress, "20.1.1.2");
  assert.equal(release(), true);
  assert.equal(release(), false);
  assert.equal(holder(it, address), undefined);
});

Deno.test("an address that another host's Docker holds is refused", () => {
  const it = cluster();
  const request = { space: SPACE, family: 4, address: "20.1.1.7" } as const;
  it.apply(requestAddress(it.snapshot, request, HOST));
  it.apply(requestAddress(it.snapshot, request, HOST));
  const other = { now: 1, host: "hostB" };
  assert.equal(refusalOf(() => requestAddress(it.snapshot, request, other)).code, "conflict");
  const steal = () => it.endpoint("e1", { address: "20.1.1.7" }, "hostB");
  assert.equal(refusalOf(steal).code, "conflict");
  const netns = { address: "20.1.1.7", attachment: { kind: "netns" } } as const;
  assert.equal(refusalOf(() => it.endpoint("e1", netns)).code, "conflict");
});

Deno.test("an endpoint that moves gets a port number on its new host", () => {
  const it = cluster();
  it.endpoint("e1");
  it.endpoint("e2");
  it.apply(updateEndpoint(it.snapshot, "net1.default-e2", { homingHost: "hostB" }));
  assert.ok(read(it.snapshot, portKey("hostB", 1)));
  assert.equal(read(it.snapshot, portKey("hostA", 2)), undefined);
});

Deno.test("the last address of a full /16 is found without a noticeable pause", () => {
  const it = cluster("20.1.0.0/16", { gateway: "20.1.255.254" });
  const records: Record<string, unknown> = {};
  for (const item of it.snapshot.list("")) records[item.key] = JSON.parse(item.value);
  for (let n = 1; n < 65533; n++) {
    const owner = { kind: "endpoint", id: `x${n}` };
    records[addressKey(SPACE, `20.1.${n >> 8}.${n & 255}`)] = { owner, created: 0 };
  }
  it.snapshot = fixedSnapshot(records);
  const create = (endpointID: string) =>
    createEndpoint(it.snapshot, {
      tenant: "default",
      network: "net1",
      group: "",
      endpointID,
      attachment: { kind: "docker" },
    }, { ...HOST, vtepIP: "" });
  assert.equal(create("first").result.ipAddress, "20.1.255.253");
  const start = performance.now();
  for (let n = 0; n < 10; n++) create("again");
  const each = (performance.now() - start) / 10;
  assert.ok(each < 200, `${each} ms an allocation`);
});
