import assert from "node:assert/strict";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { endpointItem, endpointRecord, networkRecord, portItem } from "./testing/records.ts";
import { namespaceEndpoints, VanishedNamespaces } from "./vanished_namespaces.ts";

const NETWORK = networkRecord("t", "n", 1);
const inNamespace = (number: number, sandbox = `/run/netns/${number}`, host = "a") =>
  endpointRecord(NETWORK, number, host, { attachment: { kind: "netns", sandbox } });

Deno.test("vanished namespaces are given up when they were gone at every look for longer than the grace time", () => {
  const vanished = new VanishedNamespaces(100);
  const [one, two] = [inNamespace(1), inNamespace(2)];
  assert.deepEqual(vanished.look([one], 0), []);
  assert.deepEqual(vanished.look([one, two], 100), []);
  assert.deepEqual(vanished.look([one, two], 101), [one]);
  assert.deepEqual(vanished.look([two], 150), []);
  assert.deepEqual(vanished.look([one, two], 201), [two], "the first one came back in between");
});

Deno.test("vanished namespaces are counted anew when the endpoint has moved to another one", () => {
  const vanished = new VanishedNamespaces(100);
  vanished.look([inNamespace(1)], 0);
  assert.deepEqual(vanished.look([inNamespace(1, "/run/netns/other")], 200), []);
});

Deno.test("vanished namespaces concern this host's endpoints in named namespaces only", () => {
  const docker = endpointRecord(NETWORK, 2, "a", {
    attachment: { kind: "docker", sandbox: "/run/docker/netns/x" },
  });
  const records = [inNamespace(1), docker, inNamespace(3, "/run/netns/3", "b")];
  const snapshot = fixedSnapshot(
    Object.fromEntries([...records.map(endpointItem), ...records.map(portItem)]),
  );
  assert.deepEqual(namespaceEndpoints(snapshot, "a").map(({ portNumber }) => portNumber), [1]);
});
