import assert from "node:assert/strict";
import type { StoreErrorCode } from "../../../mod/state/store.ts";
import { answered, CallFailure, judge, type Verdict } from "./failure.ts";

/** What etcd 3.4 and grpc-js 1.14 say. */
const cases: [details: string, verdict: Verdict, code?: StoreErrorCode][] = [
  ["etcdserver: invalid auth token", "token"],
  ["etcdserver: revision of auth store is old", "token"],
  ["etcdserver: no leader", "not-applied"],
  ["etcdserver: too many requests", "not-applied"],
  ["No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1", "not-applied"],
  ["Deadline exceeded after 2.000s,Waiting for LB pick", "not-applied"],
  ["Deadline exceeded after 2.000s,name resolution: 0.008s,Waiting for LB pick", "not-applied"],
  ["Deadline exceeded after 2.000s,waiting for name resolution", "not-applied"],
  ["Deadline exceeded after 2.000s,waiting for metadata filters", "not-applied"],
  ["Channel closed before call started", "not-applied"],
  ["Deadline exceeded after 2.000s,LB pick: 0.001s,remote_addr=127.0.0.1:2379", "unknown"],
  // The first call of a connection tells how long its name took; it was sent all the same.
  [
    "Deadline exceeded after 2.000s,name resolution: 0.008s,LB pick: 0.001s,remote_addr=127.0.0.1:2379",
    "unknown",
  ],
  ["Connection dropped", "unknown"],
  ["etcdserver: request timed out", "unknown"],
  ["etcdserver: leader changed", "unknown"],
  ["given up", "unknown"],
  [
    "No connection established. Last error: Error: invalid peer certificate: UnknownIssuer",
    "tls",
    "unusable",
  ],
  ["etcdserver: permission denied", "answered", "unusable"],
  ["etcdserver: user name is empty", "answered", "unusable"],
  [
    "etcdserver: authentication failed, invalid user ID or password",
    "answered",
    "unusable",
  ],
  ["etcdserver: mvcc: required revision has been compacted", "answered", "compacted"],
  ["etcdserver: mvcc: required revision is a future revision", "answered", "invalid"],
  ["etcdserver: requested lease not found", "answered", "lease-not-found"],
  ["etcdserver: mvcc: database space exceeded", "answered", "unavailable"],
  ["etcdserver: too many operations in txn request", "answered", "invalid"],
  ["etcdserver: request is too large", "answered", "invalid"],
];
for (const [details, verdict, code] of cases) {
  Deno.test(`judge takes "${details}" for ${verdict}`, () => {
    const failure = new CallFailure("a:1", 14, details);
    assert.equal(judge(failure), verdict);
    if (!code) return;
    const error = answered(failure, "read /k", "contiv");
    assert.equal(error.code, code);
    assert.match(error.message, /could not read \/k: a:1: /);
  });
}
