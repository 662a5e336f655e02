/**
 * What a failed call to one etcd member means: whether it can have been applied, whether another member may do better, and what a
 * person has to do.
 * @module
 */
import { StoreError } from "../../../mod/state/store.ts";

/** gRPC status codes (grpc/doc/statuscodes.md), those that are told apart here. */
export const GrpcCode = {
  CANCELLED: 1,
  DEADLINE_EXCEEDED: 4,
  UNAVAILABLE: 14,
} as const;

/** One try at one member that failed, in the words of gRPC or of the member. */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
  constructor(readonly endpoint: string, readonly code: number, readonly details: string) {
    super(`${endpoint}: ${details}`);
  }
}

export type Verdict =
  /** The member did not begin: whatever the call was, another member may be asked. */
  | "not-applied"
  /** The member's token is unknown to it (it was restarted, or the token expired): log in again and repeat. */
  | "token"
  /** The certificates of the two sides do not fit: no call to this member can work until a person acts. */
  | "tls"
  /** The cluster itself has answered: asking again changes nothing. */
  | "answered"
  /** Perhaps applied, perhaps not. */
  | "unknown";

/** etcd's own words (api/v3rpc/rpctypes/error.go) and gRPC's, in the order in which they are looked for. */
const WORDS: readonly [verdict: Verdict, pattern: RegExp][] = [
  ["token", /invalid auth token|revision of auth store is old/],
  // "no leader" is said before a request is looked at, as every call requires a leader by its metadata.
  ["not-applied", /etcdserver: (no leader|too many requests|not capable)/],
  ["tls", /certificate|UnknownIssuer|NotValidForName|CERT_|BadSignature|InvalidContentType/i],
  ["tls", /HandshakeFailure|fatal alert|SSL|TLS/],
  ["not-applied", /^No connection established|^Name resolution failed|before call started/],
  // "name resolution: 0.008s" is no such word: a call that was sent may say so too, of its way there.
  ["not-applied", /Waiting for LB pick|waiting for (name resolution|metadata filters)/],
  ["answered", /etcdserver: (permission denied|user name is empty|authentication (failed|is not))/],
  ["answered", /etcdserver: (mvcc: )?(required revision|database space exceeded|requested lease)/],
  ["answered", /etcdserver: (duplicate key|too many operations|request is too large)/],
  ["answered", /trying to send message larger|client certificate/],
];

export function judge({ details }: CallFailure): Verdict {
  return WORDS.find(([, pattern]) => pattern.test(details))?.[0] ?? "unknown";
}

/** Nobody has answered in time. */
export function isSilence({ code }: CallFailure): boolean {
  return code === GrpcCode.DEADLINE_EXCEEDED;
}

/** The store's error for what the cluster has answered, or that its certificates have. `action` continues "could not …". */
export function answered(
  failure: CallFailure,
  action: string,
  username: string | undefined,
): StoreError {
  const { details } = failure;
  const error = (code: StoreError["code"], more: string) =>
    new StoreError(code, `could not ${action}: ${failure.message}${more}`, { cause: failure });
  if (/required revision has been compacted/.test(details)) return error("compacted", "");
  if (/required revision is a future/.test(details)) return error("invalid", "");
  if (/lease not found/.test(details)) return error("lease-not-found", "");
  if (/space exceeded/.test(details)) {
    return error(
      "unavailable",
      `; make room (compact, then etcdctl defrag), then: etcdctl --endpoints=${failure.endpoint} alarm disarm`,
    );
  }
  if (/permission denied/.test(details)) {
    return error(
      "unusable",
      `; the user ${username ?? "(none)"} needs read and write there: ` +
        "etcdctl role grant-permission ROLE readwrite --prefix=true /contiv.io/",
    );
  }
  if (/authentication failed/.test(details)) {
    return error(
      "unusable",
      `; the user name ${username ?? "(none)"} or its password is wrong: etcdctl user passwd ${
        username ?? "USER"
      }`,
    );
  }
  if (/user name is empty/.test(details)) {
    return error("unusable", "; the cluster requires a user and a password, none is given");
  }
  if (judge(failure) === "tls") {
    return error(
      "unusable",
      "; check the CA, the client certificate and the server name: " +
        `etcdctl --endpoints=https://${failure.endpoint} --cacert=CA --cert=CERTIFICATE --key=KEY endpoint health`,
    );
  }
  if (/too many operations/.test(details)) {
    return error("invalid", "; start every etcd with --max-txn-ops=128 or more");
  }
  if (/too large/.test(details)) {
    return error("invalid", "; start every etcd with a larger --max-request-bytes");
  }
  return error("invalid", "");
}
