/**
 * What a Consul store is opened with, and what of it can never work.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { StoreError } from "../../../mod/state/store.ts";

export interface ConsulOptions {
  /** "host:port" or "[v6]:port", at least one; all are used, with failover. */
  readonly endpoints: readonly string[];
  /** PEM texts. Absent: plain HTTP. */
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    /** The name that the servers' certificates carry, when it is not the endpoint's own. */
    readonly serverName?: string;
  };
  readonly token?: string;
  readonly logger?: Logger;
}

export interface Endpoint {
  /** As configured. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Throws StoreError "unusable" for options that can never work. */
export function checkOptions(options: ConsulOptions): Endpoint[] {
  const { endpoints, tls, token } = options;
  if (endpoints.length === 0) throw unusable("no Consul endpoint is given; name one as host:port");
  if ((tls?.certificate === undefined) !== (tls?.key === undefined)) {
    throw unusable("a client certificate and its key belong together; give both or none");
  }
  for (const what of ["ca", "certificate", "key"] as const) {
    const text = tls?.[what];
    if (text !== undefined && !text.includes("-----BEGIN ")) {
      throw unusable(`the Consul connection's ${what} is not in PEM format`);
    }
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw unusable("the Consul token is empty, or has characters that no header can carry");
  }
  return endpoints.map(endpointOf);
}

function endpointOf(name: string): Endpoint {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/.exec(name);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65535) {
    throw unusable("a Consul endpoint is not host:port or [v6]:port; correct the list");
  }
  return { name, host, port };
}

const unusable = (message: string): StoreError => new StoreError("unusable", message);
