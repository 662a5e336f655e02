import assert from "node:assert/strict";
import { join } from "node:path";
import { must } from "../../../tests/lab/command.ts";
import { startConsul } from "../../../tests/lab/consul.ts";
import { waitFor } from "../../../tests/lab/wait.ts";
import { StoreError } from "../../../mod/state/store.ts";
import { type ConsulOptions, openConsulStore } from "./consul_store.ts";

const KEY = "/contiv.io/access/a";

/** The code with which a write fails, or "written"; and what the error says. */
async function written(options: ConsulOptions): Promise<[outcome: string, message: string]> {
  const store = await openConsulStore(options);
  try {
    await store.transact([], [{ type: "put", key: KEY, value: "1" }]);
    assert.ok(await store.get(KEY));
    const lease = await store.grantLease(10_000);
    await store.revokeLease(lease);
    return ["written", ""];
  } catch (error) {
    if (error instanceof StoreError) return [error.code, error.message];
    throw error;
  } finally {
    await store.close();
  }
}

const RULES = `key_prefix "contiv.io" { policy = "write" } session_prefix "" { policy = "write" }`;
/** Trees that may not be read come out empty: the store must not take that for an empty store. */
const BOOKS_ONLY = `key_prefix "contiv.io-store/" { policy = "write" }`;

Deno.test("consul store works with a token that may do what docs/stores.md names, and says so when it may not", async () => {
  const masterToken = crypto.randomUUID();
  const cluster = await startConsul({ masterToken });
  const { endpoints } = cluster;
  // A new cluster takes a moment to leave the ACLs of older versions behind.
  const administer = (path: string, body: unknown) =>
    waitFor(`acl/${path}`, async () => {
      const response = await fetch(`http://${endpoints[0]}/v1/acl/${path}`, {
        method: "PUT",
        headers: { "X-Consul-Token": masterToken },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      assert.equal(response.status, 200, text);
      return JSON.parse(text);
    });
  try {
    await administer("policy", { Name: "contiv", Rules: RULES });
    await administer("policy", { Name: "books", Rules: BOOKS_ONLY });
    const { SecretID: blind } = await administer("token", { Policies: [{ Name: "books" }] });
    const { SecretID: token } = await administer("token", { Policies: [{ Name: "contiv" }] });
    const { SecretID: powerless } = await administer("token", {});
    assert.deepEqual(await written({ endpoints, token }), ["written", ""]);
    for (const wrong of [undefined, powerless, blind, crypto.randomUUID()]) {
      const [outcome, message] = await written({ endpoints, ...(wrong && { token: wrong }) });
      assert.equal(outcome, "unusable", message);
      assert.match(message, /give a token that may write/);
      assert.ok(!wrong || !message.includes(wrong));
    }
  } finally {
    await cluster.close();
  }
});

Deno.test("consul store speaks TLS with a client certificate, and refuses a server that it cannot trust", async () => {
  const directory = await Deno.makeTempDir({ prefix: "contiv-consul-tls-" });
  const path = (name: string) => join(directory, name);
  const text = (name: string) => Deno.readTextFileSync(path(name));
  await authority(directory, "ca");
  await authority(directory, "other");
  await certificate(directory, "named", "ca", "DNS:consul.test");
  await certificate(directory, "addressed", "ca", "IP:127.0.0.1");
  await certificate(directory, "client", "ca", "DNS:client.test");
  const client = { certificate: text("client.pem"), key: text("client.key") };
  const serverName = "consul.test";
  const ca = text("ca.pem");
  const cases: Record<string, [ConsulOptions["tls"], string][]> = {
    named: [
      [{ ca, ...client, serverName }, "written"],
      [{ ca, ...client }, "unusable"],
      [{ ca: text("other.pem"), ...client, serverName }, "unusable"],
      [{ ca, serverName }, "unusable"],
    ],
    addressed: [
      [{ ca, ...client }, "written"],
      [{ ca, ...client, serverName }, "unusable"],
    ],
  };
  try {
    for (const [server, attempts] of Object.entries(cases)) {
      const tls = { certificate: path(`${server}.pem`), key: path(`${server}.key`) };
      const cluster = await startConsul({ tls: { ca: path("ca.pem"), ...tls } });
      try {
        for (const [i, [tls, expected]] of attempts.entries()) {
          const [outcome, message] = await written({
            endpoints: cluster.endpoints,
            ...(tls && { tls }),
          });
          assert.equal(outcome, expected, `${server} ${i}: ${message}`);
          assert.ok(!message.includes("PRIVATE KEY"));
        }
      } finally {
        await cluster.close();
      }
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

const KEY_TYPE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

async function authority(directory: string, name: string): Promise<void> {
  const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
  const subject = ["-subj", `/CN=${name}`, "-days", "2"];
  await must(["openssl", "req", "-x509", ...KEY_TYPE, ...files, ...subject], { cwd: directory });
}

async function certificate(
  directory: string,
  name: string,
  issuer: string,
  names: string,
): Promise<void> {
  const options = { cwd: directory };
  const request = ["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`];
  await must(["openssl", "req", ...KEY_TYPE, ...request], options);
  const extensions = `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`;
  await Deno.writeTextFile(join(directory, `${name}.ext`), extensions);
  const by = ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`, "-CAcreateserial", "-days", "2"];
  const files = ["-in", `${name}.csr`, "-out", `${name}.pem`, "-extfile", `${name}.ext`];
  await must(["openssl", "x509", "-req", ...by, ...files], options);
}
