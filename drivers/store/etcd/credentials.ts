/**
 * What a connection to a member is made with: TLS as the options have it, and nothing any more when its channel is closed.
 * @module
 */
import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { checkServerIdentity, rootCertificates } from "node:tls";
import type { ChannelCredentials } from "@grpc/grpc-js";
import type { EtcdOptions } from "./options.ts";

/**
 * The name for TLS's server name indication. An address is none, and refused as one (RFC 6066, section 3), but gRPC gives nothing else
 * for such an endpoint; so a name goes in its place that nobody has, and identityCheck looks for the address.
 */
export function serverName(
  tls: NonNullable<EtcdOptions["tls"]>,
  endpoint: string,
): string | undefined {
  return tls.serverName ?? (isIP(hostOf(endpoint)) ? NO_NAME : undefined);
}

const NO_NAME = "etcd.invalid";

function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}

export function credentials(
  tls: EtcdOptions["tls"],
  endpoint: string,
  make: typeof ChannelCredentials,
): ChannelCredentials {
  return endingWithChannel(unending(tls, endpoint, make));
}

/**
 * gRPC goes on with a try that waits for its turn when the channel is closed, and then keeps the connection for ever. The channel's
 * credentials hear of the end, and refuse what comes after it.
 */
function endingWithChannel(credentials: ChannelCredentials): ChannelCredentials {
  const make = credentials._createSecureConnector.bind(credentials);
  credentials._createSecureConnector = (...of) => {
    const connector = make(...of);
    let ended = false;
    const unlessEnded = <T>(go: () => Promise<T>) =>
      ended ? Promise.reject(new Error("the channel is closed")) : go();
    return {
      waitForReady: () => unlessEnded(() => connector.waitForReady()),
      connect: (socket) => unlessEnded(() => connector.connect(socket)),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => {
        ended = true;
        connector.destroy();
      },
    };
  };
  return credentials;
}

function unending(
  tls: EtcdOptions["tls"],
  endpoint: string,
  make: typeof ChannelCredentials,
): ChannelCredentials {
  if (!tls) return make.createInsecure();
  const pem = (text: string | undefined) => text === undefined ? null : Buffer.from(text);
  const expected = tls.serverName ?? hostOf(endpoint);
  return make.createSsl(
    Buffer.from(tls.ca ?? rootCertificates.join("\n")),
    pem(tls.key),
    pem(tls.certificate),
    { checkServerIdentity: (_name, certificate) => checkServerIdentity(expected, certificate) },
  );
}
