import assert from "node:assert/strict";
import type { EndpointRequest } from "../intent/endpoint_request.ts";
import { IntentError } from "../intent/error.ts";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { refuseSecond } from "./refuse_second.ts";
import { endpointItem, endpointRecord, networkRecord, portItem } from "./testing/records.ts";

const netns = { kind: "netns", sandbox: "/run/netns/x", interfaceName: "eth0" } as const;
const SNAPSHOT = fixedSnapshot(Object.fromEntries([
  endpointRecord(networkRecord("t", "one", 1), 1, "here", { attachment: netns }),
  endpointRecord(networkRecord("t", "one", 1), 2, "there", { attachment: netns }),
].flatMap((endpoint) => [endpointItem(endpoint), portItem(endpoint)])));
const request = (changes: Partial<EndpointRequest>): EndpointRequest => ({
  tenant: "t",
  network: "one",
  group: "",
  endpointID: "ep1",
  attachment: netns,
  ...changes,
});

const allowed: [string, Partial<EndpointRequest>][] = [
  ["the same again", {}],
  ["another name", { network: "two", endpointID: "p1" }],
  ["a name of another host's endpoint", { network: "two", endpointID: "ep2" }],
  ["Docker's repetition before Join", { attachment: { kind: "docker" } }],
];
for (const [what, changes] of allowed) {
  Deno.test(`refuseSecond allows ${what}`, () => refuseSecond(SNAPSHOT, request(changes), "here"));
}

const refused: [string, Partial<EndpointRequest>][] = [
  ["in another network", { network: "two" }],
  ["in another tenant", { tenant: "u" }],
  ["in another namespace", { attachment: { ...netns, sandbox: "/proc/1/ns/net" } }],
  ["under another interface name", { attachment: { ...netns, interfaceName: "eth1" } }],
];
for (const [where, changes] of refused) {
  Deno.test(`refuseSecond refuses an endpoint of the same name ${where}`, () => {
    assert.throws(
      () => refuseSecond(SNAPSHOT, request(changes), "here"),
      (error: Error) => error instanceof IntentError && error.code === "conflict",
    );
  });
}
