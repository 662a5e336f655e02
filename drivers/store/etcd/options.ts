/**
 * What an etcd cluster is reached by, and the check that it can work at all before anything is tried.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { StoreError } from "../../../mod/state/store.ts";

export interface EtcdOptions {
  /** "host:port" or "[v6]:port", at least one; all are used, with failover. */
  readonly endpoints: readonly string[];
  /** PEM texts. Present (even empty): TLS, with the system's authorities unless `ca` is given. */
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    /** The name that the members' certificates are checked against, instead of the endpoint's host. */
    readonly serverName?: string;
  };
  readonly auth?: { readonly username: string; readonly password: string };
  readonly logger?: Logger;
}

const ENDPOINT = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/;

/** Throws StoreError "unusable" for options that no server could ever accept. Quotes no secret. */
export function checkOptions({ endpoints, tls, auth }: EtcdOptions): void {
  if (endpoints.length === 0) throw unusable("no endpoint is given; give at least one host:port");
  for (const endpoint of endpoints) {
    const port = Number(ENDPOINT.exec(endpoint)?.[1] ?? 0);
    if (port < 1 || port > 65535) {
      throw unusable(`the endpoint ${JSON.stringify(endpoint)} is not host:port or [v6]:port`);
    }
  }
  if (new Set(endpoints).size !== endpoints.length) throw unusable("an endpoint is given twice");
  if (tls) {
    checkPem("the CA", tls.ca, "CERTIFICATE");
    checkPem("the client certificate", tls.certificate, "CERTIFICATE");
    checkPem("the client key", tls.key, "PRIVATE KEY");
    if ((tls.certificate === undefined) !== (tls.key === undefined)) {
      throw unusable("a client certificate and its key go together; one of them is missing");
    }
  }
  if (auth && auth.username === "") throw unusable("the user name is empty");
}

function checkPem(what: string, text: string | undefined, label: string): void {
  if (text === undefined) return;
  if (!text.includes("-----BEGIN ") || !text.includes(`${label}-----`)) {
    throw unusable(`${what} is not PEM text (-----BEGIN … ${label}-----)`);
  }
}

function unusable(why: string): StoreError {
  return new StoreError("unusable", `the etcd store cannot be used: ${why}`);
}
