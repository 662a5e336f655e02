/**
 * Where a store is, as people and the original write it: `embedded:///PATH`, `etcd://H:P,H:P`, `http://H:P,http://H:P`, `H:P,H:P`.
 * @module
 */
import { OptionError } from "./option.ts";

export type StoreLocation =
  | { readonly kind: "embedded"; readonly path: string }
  | {
    readonly kind: "etcd" | "consul";
    readonly endpoints: readonly string[];
    /** Undefined: the text does not say whether TLS is used. */
    readonly secure?: boolean;
  };

type Cluster = "etcd" | "consul";

const DEFAULT_PORT: Readonly<Record<Cluster, number>> = { etcd: 2379, consul: 8500 };
const LARGEST_LIST = 100;
const MEMBER =
  /^(?:([a-z]+):\/\/)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*))(?::(\d{1,5}))?\/?$/;

/** `name`: the option that the text comes from: store, etcd-endpoints or consul-endpoints. Throws OptionError. */
export function parseStoreUrl(name: string, text: string): StoreLocation {
  if (text.includes("@")) {
    throw new OptionError(
      `--${name}="${
        withoutCredentials(text)
      }" cannot be used: credentials do not belong in a URL, which ps and logs show; ` +
        "use --store-user with --store-password-file (etcd) or --store-token-file (Consul)",
    );
  }
  if (name !== "store") return cluster(name, text, name === "etcd-endpoints" ? "etcd" : "consul");
  const embedded = /^embedded:\/\/(\/.+)$/.exec(text);
  if (embedded?.[1] && !text.includes("\0")) return { kind: "embedded", path: embedded[1] };
  const scheme = /^(etcd|consul)s?:\/\/./.exec(text)?.[1];
  if (scheme === "etcd" || scheme === "consul") return cluster(name, text, scheme);
  throw new OptionError(
    `--${name}="${text}" cannot be used: it must be embedded:///PATH with an absolute path, ` +
      "etcd://HOST:PORT,… or consul://HOST:PORT,…",
  );
}

function cluster(name: string, text: string, kind: Cluster): StoreLocation {
  const members = text.split(",").map((part) => member(name, text, part.trim(), kind));
  if (members.length > LARGEST_LIST) {
    throw new OptionError(`--${name} lists ${members.length} servers: at most ${LARGEST_LIST}`);
  }
  const said = new Set(members.map(({ secure }) => secure).filter((it) => it !== undefined));
  if (said.size > 1) {
    throw new OptionError(
      `--${name}="${text}" cannot be used: it mixes servers with TLS and without; write all of them the same`,
    );
  }
  const [secure] = said;
  return {
    kind,
    endpoints: [...new Set(members.map(({ endpoint }) => endpoint))],
    ...(secure === undefined ? {} : { secure }),
  };
}

function member(
  name: string,
  whole: string,
  text: string,
  kind: Cluster,
): { endpoint: string; secure: boolean | undefined } {
  const [match, scheme, host, digits] = MEMBER.exec(text) ?? [];
  const port = digits === undefined ? DEFAULT_PORT[kind] : Number(digits);
  const secure = scheme === undefined ? undefined : SCHEMES[kind].get(scheme);
  if (!match || (scheme !== undefined && secure === undefined) || port < 1 || port > 65535) {
    throw new OptionError(
      `--${name}="${whole}" cannot be used: "${text}" must be http://HOST:PORT, https://HOST:PORT or HOST:PORT`,
    );
  }
  // etcd:// leaves it to the TLS options, as its users have always written it.
  return { endpoint: `${host}:${port}`, secure: secure === "open" ? undefined : secure };
}

const SCHEMES: Readonly<Record<Cluster, ReadonlyMap<string, boolean | "open">>> = {
  etcd: new Map<string, boolean | "open">([
    ["http", false],
    ["https", true],
    ["etcd", "open"],
    ["etcds", true],
  ]),
  consul: new Map<string, boolean | "open">([
    ["http", false],
    ["https", true],
    ["consul", "open"],
    ["consuls", true],
  ]),
};

/** For messages. Up to the last @, as a password may hold whatever else divides a URL. */
function withoutCredentials(url: string): string {
  return url.replace(/^(\w+:\/\/)?.*@/s, "$1…@");
}
