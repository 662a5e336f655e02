import assert from "node:assert/strict";
import { attachRequest, endpointName } from "./attach_request.ts";

const cases: [string, string][] = [
  ["web", "web"],
  ["/run/netns/web", "web"],
  ["/proc/17/ns/net", "proc-17-ns-net"],
];
for (const [netns, expected] of cases) {
  Deno.test(`endpointName is ${expected} when the namespace is ${netns}`, () => {
    assert.equal(endpointName(attachRequest.parse({ network: "n", netns })), expected);
  });
}

Deno.test("attachRequest refuses unknown fields, wrong types and hostile names", () => {
  for (
    const body of [
      {},
      { network: "n", netns: 1 },
      { network: "n", netns: "x", more: 1 },
      { network: "n", netns: "x", name: "../x" },
      { network: "n", netns: "x", interfaceName: "a/b" },
      null,
      [],
    ]
  ) {
    assert.equal(attachRequest.safeParse(body).success, false, JSON.stringify(body));
  }
});
