/**
 * Which store, at which servers, as whom: one answer, however it was configured. Everything given is used or refused by name.
 * @module
 */
import { OptionError, type OptionValues } from "./option.ts";
import { parseStoreUrl, type StoreLocation } from "./store_url.ts";
import { PASSWORD_VARIABLE, TOKEN_VARIABLE } from "./store_options.ts";
import { readSecret, readText, type SecretSources } from "./store_files.ts";

/** PEM texts. An empty object: TLS, with the system's authorities. */
export interface StoreTls {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly serverName?: string;
}

export interface EmbeddedSettings {
  readonly kind: "embedded";
  readonly path: string;
}

export interface EtcdSettings {
  readonly kind: "etcd";
  /** `host:port` or `[ip6]:port`, each once, in the order given. */
  readonly endpoints: readonly string[];
  readonly tls?: StoreTls;
  readonly auth?: { readonly username: string; readonly password: string };
  /** What a person should know, and that stops nothing. */
  readonly warnings: readonly string[];
}

export interface ConsulSettings {
  readonly kind: "consul";
  /** As etcd's. */
  readonly endpoints: readonly string[];
  readonly tls?: StoreTls;
  readonly token?: string;
  readonly warnings: readonly string[];
}

export type StoreSettings = EmbeddedSettings | EtcdSettings | ConsulSettings;

/** Options that only mean something where the store is reached over a network. */
const TLS_OPTIONS = ["store-ca", "store-cert", "store-key", "store-server-name"];
const ETCD_OPTIONS = ["store-user", "store-password-file"];
const CONSUL_OPTIONS = ["store-token-file"];

/** Throws OptionError. Reads the files that the options name. */
export function storeSettings(values: OptionValues, secrets: SecretSources): StoreSettings {
  const location = locationOf(values);
  if (location.kind === "embedded") {
    refuse(values, [...TLS_OPTIONS, ...ETCD_OPTIONS, ...CONSUL_OPTIONS], "an embedded store");
    return location;
  }
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(warning);
  const tls = tlsOf(values, location, warn);
  const common = { endpoints: location.endpoints, ...(tls ? { tls } : {}), warnings };
  if (location.kind === "etcd") {
    refuse(values, CONSUL_OPTIONS, "etcd");
    const auth = authOf(values, secrets, warn);
    return { kind: "etcd", ...common, ...(auth ? { auth } : {}) };
  }
  refuse(values, ETCD_OPTIONS, "Consul");
  const token = readSecret(values, "store-token-file", TOKEN_VARIABLE, secrets, warn);
  return { kind: "consul", ...common, ...(token ? { token } : {}) };
}

/** Of the three options, parseOptions leaves one. */
function locationOf(values: OptionValues): StoreLocation {
  const name = ["etcd-endpoints", "consul-endpoints"].find((name) => values.has(name)) ?? "store";
  return parseStoreUrl(name, values.get(name) ?? "");
}

function tlsOf(
  values: OptionValues,
  location: StoreLocation & { readonly secure?: boolean },
  warn: (warning: string) => void,
): StoreTls | undefined {
  const given = TLS_OPTIONS.filter((name) => values.get(name));
  if (given.length > 0 && location.secure === false) {
    throw new OptionError(
      `--${given[0]} cannot be used with http:// endpoints: write https:// for all of them`,
    );
  }
  if (given.length === 0 && !location.secure) return undefined;
  const [certificateFile, keyFile] = [values.get("store-cert"), values.get("store-key")];
  if (Boolean(certificateFile) !== Boolean(keyFile)) {
    const [there, lacking] = certificateFile
      ? ["store-cert", "store-key"]
      : ["store-key", "store-cert"];
    throw new OptionError(`--${there} needs --${lacking}: give both, or neither`);
  }
  const pem = (name: string, label: RegExp, secret = false) => {
    const path = values.get(name);
    return path ? readText(name, path, { label, secret, warn }) : undefined;
  };
  const ca = pem("store-ca", /-----BEGIN CERTIFICATE-----/);
  const certificate = pem("store-cert", /-----BEGIN CERTIFICATE-----/);
  const key = pem("store-key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/, true);
  const serverName = values.get("store-server-name");
  return {
    ...(ca ? { ca } : {}),
    ...(certificate ? { certificate } : {}),
    ...(key ? { key } : {}),
    ...(serverName ? { serverName } : {}),
  };
}

function authOf(
  values: OptionValues,
  secrets: SecretSources,
  warn: (warning: string) => void,
): EtcdSettings["auth"] {
  const username = values.get("store-user");
  const password = readSecret(values, "store-password-file", PASSWORD_VARIABLE, secrets, warn);
  if (username && password) return { username, password };
  if (username) {
    throw new OptionError(
      `--store-user="${username}" needs a password: name its file with --store-password-file, or set ${PASSWORD_VARIABLE}`,
    );
  }
  if (values.get("store-password-file")) {
    throw new OptionError("--store-password-file needs --store-user: whose password is it?");
  }
  if (password) throw new OptionError(`${PASSWORD_VARIABLE} needs --store-user`);
  return undefined;
}

function refuse(values: OptionValues, names: readonly string[], store: string): void {
  const given = names.find((name) => values.get(name));
  if (given) throw new OptionError(`--${given} is not for ${store}: leave it out`);
}
