import assert from "node:assert/strict";
import fc from "fast-check";
import { endpointRecord, networkRecord } from "../agent/testing/records.ts";
import type { EndpointState } from "../model/records.ts";
import { endpointKey, NETWORKS } from "../state/keys.ts";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { answer, MOST_RECORDS } from "./answer.ts";
import { NameIndex } from "./name_index.ts";
import { addressOfReverseName } from "./reverse_name.ts";
import { nameServers } from "./resolver_configuration.ts";

const blue = networkRecord("blue", "net1", 1);
const blue2 = networkRecord("blue", "net2", 2);
const red = networkRecord("red", "net1", 1);

const named = (epCommonName: string, serviceName = ""): Partial<EndpointState> => {
  return { epCommonName, serviceName };
};
const ENDPOINTS = [
  endpointRecord(blue, 1, "a", named("Web", "front")),
  endpointRecord(blue, 2, "b", named("web2", "front")),
  endpointRecord(blue2, 3, "b", named("web", "")),
  endpointRecord(red, 4, "a", named("secret", "front")),
  endpointRecord(blue, 5, "a", { ...named("v4only"), ipv6Address: "" }),
];

function indexOf(endpoints: readonly EndpointState[]): NameIndex {
  const index = new NameIndex("a");
  index.update(snapshotOf(endpoints));
  return index;
}

function snapshotOf(endpoints: readonly EndpointState[]) {
  return fixedSnapshot(Object.fromEntries([
    ...[blue, blue2, red].map((network) => [NETWORKS + network.id, network]),
    ...endpoints.map((endpoint) => [endpointKey(endpoint.id), endpoint]),
  ]));
}

const ASKER = { tenant: "blue", network: "net1" };

function ask(name: string, type = "A", asker: typeof ASKER | undefined = ASKER) {
  const found = answer(indexOf(ENDPOINTS), asker, { name, type }, 0);
  return found.kind === "forward" ? "forward" : found.records.map(({ data }) => data);
}

const [web, web2, otherWeb, , v4only] = ENDPOINTS.map(({ ipAddress }) => ipAddress);

for (
  const [what, name, type, expected] of [
    ["a container's name, whatever its case", "WEB", "A", [web, otherWeb]],
    ["a name under its network", "web.net2", "A", [otherWeb]],
    ["a group's name with all its members", "front", "A", [web, web2]],
    ["a group's name under its network", "front.net1", "A", [web, web2]],
    ["nothing of a type that the name has not", "v4only", "AAAA", []],
    ["addresses to a question for anything", "v4only", "ANY", [v4only]],
    ["nothing but its existence to other types", "web", "HTTPS", []],
    ["forward for another tenant's name", "secret", "A", "forward"],
    ["forward for a name under another network", "web2.net2", "A", "forward"],
    ["forward for a stranger", "example.org", "A", "forward"],
    ["forward for a name that only starts like ours", "webb", "A", "forward"],
    ["forward for the root", "", "A", "forward"],
  ] as const
) {
  Deno.test(`the name server says ${what} when asked for ${type} of "${name}"`, () => {
    assert.deepEqual(ask(name, type), expected);
  });
}

Deno.test("the name server knows nothing when it does not know who asks", () => {
  assert.equal(
    answer(indexOf(ENDPOINTS), undefined, { name: "web", type: "A" }, 0).kind,
    "forward",
  );
});

Deno.test("the name server names an address when asked in reverse, in the asker's tenant only", () => {
  const reversed = `${web?.split(".").reverse().join(".")}.in-addr.arpa`;
  assert.deepEqual(ask(reversed, "PTR"), ["web.net1"]);
  assert.deepEqual(ask(reversed, "PTR", { tenant: "red", network: "net1" }), "forward");
});

Deno.test("the name server names nobody in reverse whose name DNS has no words for", () => {
  for (const name of ["x".repeat(64), `${"x".repeat(60)}.`.repeat(5) + "x", "a..b"]) {
    const index = indexOf([endpointRecord(blue, 1, "a", named(name))]);
    const reversed = `${web?.split(".").reverse().join(".")}.in-addr.arpa`;
    const found = answer(index, ASKER, { name: reversed, type: "PTR" }, 0);
    assert.deepEqual(found, { kind: "ours", records: [] }, name);
  }
});

Deno.test("the name server rotates the addresses of a name, the asker's network first", () => {
  const index = indexOf(ENDPOINTS);
  const firsts = [0, 1, 2, 3].map((turn) => {
    const found = answer(index, ASKER, { name: "front", type: "A" }, turn);
    return found.kind === "ours" ? found.records[0]?.data : undefined;
  });
  assert.deepEqual(firsts, [web, web2, web, web2]);
});

Deno.test("the name server tells a bounded number of addresses when a group is large", () => {
  const many = Array.from(
    { length: 100 },
    (_, n) => endpointRecord(blue, n + 1, "a", named(`c${n}`, "front")),
  );
  const found = answer(indexOf(many), ASKER, { name: "front", type: "A" }, 7);
  assert.equal(found.kind === "ours" && found.records.length, MOST_RECORDS);
});

Deno.test("the index is the same when it followed changes as when it reads everything", () => {
  const one = fc.record({
    number: fc.integer({ min: 1, max: 6 }),
    network: fc.constantFrom(blue, blue2, red),
    name: fc.constantFrom("", "web", "db"),
    group: fc.constantFrom("", "front"),
    gone: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(one, { maxLength: 30 }), (changes) => {
    const present = new Map<string, EndpointState>();
    const followed = indexOf([]);
    for (const { number, network, name, group, gone } of changes) {
      const endpoint = endpointRecord(network, number, "a", named(name, group));
      if (gone) present.delete(endpoint.id);
      else present.set(endpoint.id, endpoint);
      followed.update(snapshotOf([...present.values()]), [endpointKey(endpoint.id)]);
    }
    const fresh = indexOf([...present.values()]);
    const ids = (found: readonly { id: string }[]) => found.map(({ id }) => id).sort();
    for (const tenant of ["blue", "red"]) {
      for (const name of ["web", "db"]) {
        assert.deepEqual(
          ids(followed.containers(tenant, name)),
          ids(fresh.containers(tenant, name)),
        );
      }
      assert.deepEqual(
        ids(followed.groupMembers(tenant, "front")),
        ids(fresh.groupMembers(tenant, "front")),
      );
    }
  }));
});

Deno.test("a reverse name is read when it stands for a whole address, of either family", () => {
  assert.equal(addressOfReverseName("4.3.2.1.in-addr.arpa"), "1.2.3.4");
  const nibbles = "1.0.0.0".concat(".0".repeat(20), ".8.b.d.0.1.0.0.2");
  assert.equal(addressOfReverseName(`${nibbles}.ip6.arpa`), "2001:db8::1");
  for (const name of ["3.2.1.in-addr.arpa", "256.1.1.1.in-addr.arpa", "1.ip6.arpa", "x"]) {
    assert.equal(addressOfReverseName(name), undefined, name);
  }
});

Deno.test("resolv.conf's servers are taken in order, without ourselves, zones and nonsense", () => {
  const text = "search x\n nameserver 10.0.0.1 # one\nnameserver 172.19.255.254\n" +
    "nameserver fe80::1%eth0\nnameserver nonsense\nnameserver 2001:DB8::1\nnameserver 10.0.0.1";
  assert.deepEqual(nameServers(text, new Set(["172.19.255.254"])), ["10.0.0.1", "2001:db8::1"]);
});
