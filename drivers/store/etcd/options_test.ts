import assert from "node:assert/strict";
import { StoreError } from "../../../mod/state/store.ts";
import { checkOptions, type EtcdOptions } from "./options.ts";

const SECRET = "s3cret";
const endpoints = ["127.0.0.1:2379"];

Deno.test("checkOptions takes hosts, addresses and what belongs together", () => {
  checkOptions({ endpoints: ["etcd-0.example:2379", "10.0.0.1:1", "[fd00::1]:65535"] });
  checkOptions({ endpoints, tls: {} });
});

const wrong: [why: RegExp, options: EtcdOptions][] = [
  [/at least one/, { endpoints: [] }],
  [/not host:port/, { endpoints: ["http://127.0.0.1:2379"] }],
  [/not host:port/, { endpoints: ["127.0.0.1:99999"] }],
  [/not host:port/, { endpoints: ["fd00::1:2379"] }],
  [/twice/, { endpoints: ["a:1", "a:1"] }],
  [/CA is not PEM/, { endpoints, tls: { ca: SECRET } }],
  [/go together/, { endpoints, tls: { key: `-----BEGIN PRIVATE KEY-----${SECRET}` } }],
  [/user name is empty/, { endpoints, auth: { username: "", password: SECRET } }],
];
for (const [why, options] of wrong) {
  Deno.test(`checkOptions refuses what can never work: ${why.source}`, () => {
    assert.throws(() => checkOptions(options), (error) => {
      assert.ok(error instanceof StoreError && error.code === "unusable");
      assert.match(error.message, why);
      assert.doesNotMatch(error.message, new RegExp(SECRET));
      return true;
    });
  });
}
