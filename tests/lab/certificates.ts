/**
 * Certificates for servers of a test: an authority made on the spot, by openssl.
 * @module
 */
import { join } from "node:path";
import { must } from "./command.ts";

/** Paths of PEM files. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export class Authority {
  private constructor(private readonly directory: string, readonly ca: Pair) {}

  /** Its files are in `directory`, which must exist. */
  static async make(directory: string, name = "ca"): Promise<Authority> {
    const ca = pairIn(directory, name);
    await must([
      ...request(ca, `/CN=${name} of a test`),
      "-addext",
      "keyUsage=critical,keyCertSign",
    ]);
    return new Authority(directory, ca);
  }

  /** A certificate for both ends of a connection. `names` as openssl has them: DNS:host, IP:address. */
  async issue(name: string, names: readonly string[]): Promise<Pair> {
    const pair = pairIn(this.directory, name);
    await must([
      ...request(pair, `/CN=${name}`),
      ...["-CA", this.ca.certificate, "-CAkey", this.ca.key],
      ...["-addext", `subjectAltName=${names.join(",")}`],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-addext", "extendedKeyUsage=serverAuth,clientAuth"],
    ]);
    return pair;
  }
}

function pairIn(directory: string, name: string): Pair {
  return { certificate: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) };
}

function request({ certificate, key }: Pair, subject: string): string[] {
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", key, "-out", certificate];
  return ["openssl", "req", "-x509", ...curve, ...files, "-days", "2", "-subj", subject];
}
