import assert from "node:assert/strict";
import { join } from "node:path";
import { OptionError } from "./option.ts";
import { UP_OPTIONS } from "./options.ts";
import { parseOptions } from "./parse_options.ts";
import { type StoreSettings, storeSettings } from "./store_settings.ts";

const directory = await Deno.makeTempDir({ prefix: "contiv-store-settings-" });
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
const file = (name: string, text: string, mode = 0o600) => {
  const path = join(directory, name);
  Deno.writeTextFileSync(path, text);
  Deno.chmodSync(path, mode);
  return path;
};
const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n";
const ca = file("ca.pem", CERTIFICATE, 0o644);
const cert = file("cert.pem", CERTIFICATE, 0o644);
const key = file("key.pem", KEY);
const openKey = file("open-key.pem", KEY, 0o644);
const secret = file("secret", "s3cret\n");

type Environment = Readonly<Record<string, string>>;

/** As `contiv up` would have it: its environment prefixes are those of all roles. */
function settingsOf(argv: readonly string[], environment: Environment = {}): StoreSettings {
  const look = (name: string) => environment[name];
  const prefixes = ["CONTIV_UP_", "CONTIV_NETPLUGIN_", "CONTIV_NETMASTER_"];
  const { values } = parseOptions(UP_OPTIONS, argv, look, prefixes);
  return storeSettings(values, { environment: look });
}

const LIST = ["10.0.0.1:2379", "10.0.0.2:2379", "10.0.0.3:2379"];
const bare = LIST.join(",");
const urls = (scheme: string) => LIST.map((endpoint) => `${scheme}://${endpoint}`).join(",");

/** Every way to say where a cluster of one kind is, without TLS. */
const ways = (
  kind: "etcd" | "consul",
): [way: string, argv: string[], environment: Environment][] => [
  ["--store", [`--store=${kind}://${bare}`], {}],
  ["--store and a word", ["--store", `${kind}://${bare}`], {}],
  ["-cluster-store of the first generation", ["-cluster-store", `${kind}://${bare}`], {}],
  ["-cluster-store= of the first generation", [`-cluster-store=${kind}://${bare}`], {}],
  ["endpoints as URLs", [`--${kind}-endpoints=${urls("http")}`], {}],
  ["endpoints without scheme", [`--${kind}-endpoints`, bare], {}],
  ["the second generation's short name", [`--${kind}=${urls("http")}`], {}],
  ["endpoints with slashes and spaces", [
    `--${kind}=${LIST.map((it) => `http://${it}/`).join(", ")}`,
  ], {}],
  ["CONTIV_NETMASTER_…", [], {
    [`CONTIV_NETMASTER_${kind.toUpperCase()}_ENDPOINTS`]: urls("http"),
  }],
  ["CONTIV_NETPLUGIN_…", [], {
    [`CONTIV_NETPLUGIN_${kind.toUpperCase()}_ENDPOINTS`]: urls("http"),
  }],
  ["CONTIV_UP_STORE", [], { CONTIV_UP_STORE: `${kind}://${bare}` }],
  ["the managed plugin's cluster_store", [], { cluster_store: `${kind}://${bare}` }],
  ["the managed plugin's settings with empty ones", [], {
    CONTIV_NETPLUGIN_ETCD_ENDPOINTS: kind === "etcd" ? urls("http") : "",
    CONTIV_NETPLUGIN_CONSUL_ENDPOINTS: kind === "consul" ? urls("http") : "",
    CONTIV_NETMASTER_ETCD_ENDPOINTS: "",
  }],
  ["a flag over the environment", [`--${kind}-endpoints=${bare}`], {
    CONTIV_NETMASTER_ETCD_ENDPOINTS: "http://192.0.2.1:1",
    cluster_store: "consul://192.0.2.2:1",
  }],
];

const TLS = { ca: CERTIFICATE, certificate: CERTIFICATE, key: KEY, serverName: "store" };
const tlsFlags = [
  `--store-ca=${ca}`,
  `--store-cert=${cert}`,
  `--store-key=${key}`,
  "--store-server-name=store",
];
const tlsVariables = {
  CONTIV_NETPLUGIN_STORE_CA: ca,
  CONTIV_NETPLUGIN_STORE_CERT: cert,
  CONTIV_NETPLUGIN_STORE_KEY: key,
  CONTIV_NETPLUGIN_STORE_SERVER_NAME: "store",
};
const secrets = {
  etcd: {
    flags: ["--store-user=root", `--store-password-file=${secret}`],
    variables: { CONTIV_NETMASTER_STORE_USER: "root", CONTIV_STORE_PASSWORD: "s3cret" },
    result: { auth: { username: "root", password: "s3cret" } },
  },
  consul: {
    flags: [`--store-token-file=${secret}`],
    variables: { CONTIV_STORE_TOKEN: "s3cret" },
    result: { token: "s3cret" },
  },
};

for (const kind of ["etcd", "consul"] as const) {
  for (const [way, argv, environment] of ways(kind)) {
    Deno.test(`${kind} by ${way} is all of its servers, with and without TLS and credentials`, () => {
      const common = { kind, endpoints: LIST, warnings: [] };
      const { flags, variables, result } = secrets[kind];
      assert.deepEqual(settingsOf(argv, environment), common);
      assert.deepEqual(settingsOf([...argv, ...flags], environment), { ...common, ...result });
      assert.deepEqual(settingsOf(argv, { ...environment, ...variables }), {
        ...common,
        ...result,
      });
      const secure = (text: string) => text.replaceAll("http://", "https://");
      const safe = Object.entries(environment).map(([name, value]) => [name, secure(value)]);
      const safeEnvironment = Object.fromEntries(safe);
      const all = { ...common, tls: TLS, ...result };
      assert.deepEqual(
        settingsOf([...argv.map(secure), ...tlsFlags, ...flags], safeEnvironment),
        all,
      );
      assert.deepEqual(
        settingsOf(argv.map(secure), { ...safeEnvironment, ...tlsVariables, ...variables }),
        all,
      );
    });
  }
}

Deno.test("TLS with the system's authorities is what https://, etcds:// and consuls:// say", () => {
  for (const argv of [["--etcd=https://h:1"], ["--store=etcds://h:1"], ["--store=consuls://h:1"]]) {
    const settings = settingsOf(argv);
    assert.deepEqual(settings.kind !== "embedded" && settings.tls, {});
  }
});

Deno.test("a server's port is its kind's when none is given, and a server named twice is used once", () => {
  const endpoints = (text: string) => {
    const settings = settingsOf([`--store=${text}`]);
    return settings.kind === "embedded" ? [] : settings.endpoints;
  };
  assert.deepEqual(endpoints("etcd://a,[fd00::1]:5,a:2379"), ["a:2379", "[fd00::1]:5"]);
  assert.deepEqual(endpoints("consul://[fd00::1]"), ["[fd00::1]:8500"]);
});

Deno.test("an embedded store is what there is when nothing is said", () => {
  assert.deepEqual(settingsOf([]), { kind: "embedded", path: "/var/lib/contiv/state.db" });
});

Deno.test("a key that others may read is a warning that says what mends it", () => {
  const settings = settingsOf(["--etcd=h", `--store-cert=${cert}`, `--store-key=${openKey}`]);
  assert.ok(settings.kind === "etcd");
  assert.deepEqual(settings.warnings.length, 1);
  assert.match(settings.warnings[0] ?? "", /open-key\.pem.*mode 0644: chmod 600/);
});

const REFUSED: [why: string, argv: string[], environment: Environment, says: RegExp][] = [
  ["etcd and Consul", ["--etcd=h", "--consul=h"], {}, /--etcd-endpoints and --consul-endpoints/],
  ["two flags", ["--store=etcd://h", "--etcd=h"], {}, /--store and --etcd-endpoints/],
  [
    "two variables",
    [],
    { CONTIV_NETMASTER_ETCD_ENDPOINTS: "h", CONTIV_NETPLUGIN_CONSUL_ENDPOINTS: "h" },
    /CONTIV_NETMASTER_ETCD_ENDPOINTS and CONTIV_NETPLUGIN_CONSUL_ENDPOINTS/,
  ],
  ["an empty list", ["--etcd-endpoints="], {}, /--etcd-endpoints=""/],
  ["an empty member", ["--etcd=a,,b"], {}, /"" must be http/],
  ["http and https", ["--etcd=http://a,https://b"], {}, /mixes servers with TLS and without/],
  ["a path", ["--etcd=http://a:1/v2/keys"], {}, /"http:\/\/a:1\/v2\/keys" must be/],
  ["port 0", ["--etcd=a:0"], {}, /"a:0" must be/],
  ["port 65536", ["--consul=a:65536"], {}, /"a:65536"/],
  ["another scheme", ["--etcd=tcp://a:1"], {}, /"tcp:\/\/a:1"/],
  ["the other store's scheme", ["--etcd=consul://a:1"], {}, /"consul:\/\/a:1"/],
  ["an unknown store", ["--store=redis://a"], {}, /embedded:\/\/\/PATH.*etcd:\/\/.*consul:\/\//],
  ["a relative file", ["--store=embedded://state.db"], {}, /absolute path/],
  ["a password in a URL", ["--store=etcd://root:s3cret@a"], {}, /credentials.*--store-user/],
  ["a password in a list", ["--etcd=http://a,http://u:s3cret@b"], {}, /credentials/],
  ["a password without a scheme", ["--etcd=root:s3cret@a:1"], {}, /credentials/],
  ["a password with a slash", ["--store=etcd://root:s3cret/x@a"], {}, /credentials/],
  ["a password with a comma", ["--store=etcd://root:s3cret,x@a"], {}, /credentials/],
  ["a password with a URL in it", ["--etcd=http://a,http://u:s3cret//x@b"], {}, /credentials/],
  ["TLS with http", ["--etcd=http://a", `--store-ca=${ca}`], {}, /--store-ca.*https:\/\//],
  ["TLS with a file", [`--store-ca=${ca}`], {}, /--store-ca is not for an embedded store/],
  [
    "a certificate alone",
    ["--etcd=a", `--store-cert=${cert}`],
    {},
    /--store-cert needs --store-key/,
  ],
  ["a key alone", ["--etcd=a", `--store-key=${key}`], {}, /--store-key needs --store-cert/],
  [
    "a missing file",
    ["--etcd=a", "--store-ca=/no/such"],
    {},
    /--store-ca="\/no\/such".*no such file/,
  ],
  ["a directory", ["--etcd=a", `--store-ca=${directory}`], {}, /it is not a file/],
  ["a key for a CA", ["--etcd=a", `--store-ca=${key}`], {}, /holds no BEGIN CERTIFICATE/],
  ["a user without password", ["--etcd=a", "--store-user=u"], {}, /CONTIV_STORE_PASSWORD/],
  ["a password without user", ["--etcd=a"], { CONTIV_STORE_PASSWORD: "s3cret" }, /--store-user/],
  [
    "two passwords",
    ["--etcd=a", "--store-user=u", `--store-password-file=${secret}`],
    { CONTIV_STORE_PASSWORD: "s3cret" },
    /both given/,
  ],
  [
    "a password of two lines",
    ["--etcd=a", "--store-user=u", `--store-password-file=${ca}`],
    {},
    /one line/,
  ],
  ["a user for Consul", ["--consul=a", "--store-user=u"], {}, /--store-user is not for Consul/],
  ["a token for etcd", ["--etcd=a", `--store-token-file=${secret}`], {}, /not for etcd/],
  ["a password as an argument", ["--store-password=s3cret"], {}, /Unknown option/],
];
for (const [why, argv, environment, says] of REFUSED) {
  Deno.test(`store settings refuse ${why}, by name and without any secret`, () => {
    assert.throws(() => settingsOf(argv, environment), (error: Error) => {
      assert.ok(error instanceof OptionError, String(error));
      assert.match(error.message, says);
      assert.ok(!error.message.includes("s3cret"), error.message);
      return true;
    });
  });
}
