import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../lab/command.ts";
import { EtcdCluster } from "../lab/etcd.ts";
import { waitFor } from "../lab/wait.ts";
import { MasterProcess } from "./master_process.ts";
import { PROGRAM } from "./program.ts";

/** The name in the servers' certificates; etcd's own gateway needs the address. */
const TLS_NAME = "etcd.test";
const USER = { name: "contiv", password: "s3cret-of-the-test", prefix: "/contiv.io/" };

/** Every way to name the servers: (endpoints without and with scheme) → arguments and environment. */
const WAYS: [
  way: string,
  args: (bare: string, urls: string) => string[],
  env: (bare: string, urls: string) => Record<string, string>,
][] = [
  ["--store etcd://", (bare) => ["--store", `etcd://${bare}`], () => ({})],
  ["-cluster-store=etcd://", (bare) => [`-cluster-store=etcd://${bare}`], () => ({})],
  ["--etcd-endpoints", (_, urls) => ["--etcd-endpoints", urls], () => ({})],
  ["--etcd without scheme", (bare) => [`--etcd=${bare}`], () => ({})],
  ["CONTIV_NETMASTER_ETCD_ENDPOINTS", () => [], (_, urls) => ({
    CONTIV_NETMASTER_ETCD_ENDPOINTS: urls,
  })],
  ["cluster_store", () => [], (bare) => ({ cluster_store: `etcd://${bare}` })],
];

/** The first member of each cluster is dead, so that whoever uses the first endpoint only gets nowhere. */
async function clusterWithoutFirst(tls: boolean): Promise<EtcdCluster> {
  const cluster = await EtcdCluster.start({
    size: 3,
    ...(tls ? { tls: [`DNS:${TLS_NAME}`, "IP:127.0.0.1"] } : {}),
  });
  if (tls) await cluster.enableAuth([USER]);
  await cluster.members[0]?.kill();
  await cluster.serves();
  return cluster;
}

async function mustUse(cluster: EtcdCluster, master: MasterProcess): Promise<void> {
  master.launch();
  const { store } = await master.serves();
  assert.deepEqual(
    store.members.map(({ endpoint, healthy }) => [endpoint, healthy]),
    cluster.endpoints.map((endpoint, index) => [endpoint, index > 0]),
  );
  const name = `t${master.port}`;
  const made = await master.call("POST", `/api/v1/tenants/${name}/`, { tenantName: name });
  assert.equal(made.status, 200, made.text);
  assert.match((await master.call("GET", "/api/v1/tenants/")).text, new RegExp(name));
}

Deno.test("a master uses every server of etcd, however they are given and whichever is dead", async (t) => {
  await using cluster = await clusterWithoutFirst(false);
  const bare = cluster.endpoints.join(",");
  const urls = cluster.endpoints.map((endpoint) => `http://${endpoint}`).join(",");
  for (const [way, args, env] of WAYS) {
    await t.step(way, async () => {
      await using master = new MasterProcess({ args: args(bare, urls), env: env(bare, urls) });
      await mustUse(cluster, master);
    });
  }
  await t.step("the doctor, by CONTIV_NETPLUGIN_ETCD_ENDPOINTS, names the dead one", async () => {
    const env = { CONTIV_NETPLUGIN_ETCD_ENDPOINTS: urls };
    const { stdout } = await run([...PROGRAM, "doctor", "--json"], { env });
    const findings: { what: string; finding: string }[] = JSON.parse(stdout);
    const said = findings.filter(({ what }) => what.startsWith("store")).map(({ finding }) =>
      finding
    );
    assert.match(said[0] ?? "", /^2 of 3 servers of etcd serve$/);
    assert.ok(said[1]?.startsWith(`${cluster.endpoints[0]} does not serve`), said.join());
  });
});

Deno.test("a master uses TLS, a client certificate and a password, however they are given, and shows no secret", async (t) => {
  await using cluster = await clusterWithoutFirst(true);
  assert.ok(cluster.tls);
  const { ca, client } = cluster.tls;
  const directory = await Deno.makeTempDir({ prefix: "contiv-password-" });
  const password = join(directory, "password");
  await Deno.writeTextFile(password, `${USER.password}\n`, { mode: 0o600 });
  const bare = cluster.endpoints.join(",");
  const urls = cluster.endpoints.map((endpoint) => `https://${endpoint}`).join(",");
  const flags = [
    `--store-ca=${ca}`,
    `--store-cert=${client.certificate}`,
    `--store-key=${client.key}`,
    `--store-server-name=${TLS_NAME}`,
    `--store-user=${USER.name}`,
  ];
  const variables = {
    CONTIV_NETMASTER_STORE_CA: ca,
    CONTIV_NETMASTER_STORE_CERT: client.certificate,
    CONTIV_NETMASTER_STORE_KEY: client.key,
    CONTIV_NETMASTER_STORE_SERVER_NAME: TLS_NAME,
    CONTIV_NETMASTER_STORE_USER: USER.name,
    CONTIV_STORE_PASSWORD: USER.password,
  };
  for (const [index, [way, args, env]] of WAYS.entries()) {
    const byFlags = index % 2 === 0;
    await t.step(`${way}, the rest by ${byFlags ? "options" : "environment"}`, async () => {
      const own = args(bare, urls);
      await using master = new MasterProcess(
        byFlags
          ? { args: [...own, ...flags, `--store-password-file=${password}`], env: env(bare, urls) }
          : { args: own, env: { ...env(bare, urls), ...variables } },
      );
      await mustUse(cluster, master);
      const shown = await master.commandLine() + master.log + JSON.stringify(await master.health());
      assert.ok(!shown.includes(USER.password), "a secret is shown");
    });
  }
  const wrong = async (
    args: readonly string[],
    env: Record<string, string>,
    says: RegExp,
  ): Promise<void> => {
    await using master = new MasterProcess({ args, env });
    master.launch();
    await master.answers();
    await waitFor(`the reason, ${says}`, async () => {
      const { ok, store } = await master.health();
      assert.equal(ok, false);
      return says.test(store.error ?? "");
    });
    const reply = await master.call("GET", "/api/v1/tenants/");
    assert.equal(reply.status, 503);
    assert.ok(!master.log.includes("s3cret"), master.log);
  };
  await t.step("a wrong password is said, and nothing is read", async () => {
    const store = `--store=etcd://${cluster.endpoints.slice(1).join(",")}`;
    const env = { CONTIV_STORE_PASSWORD: "s3cret-but-wrong" };
    await wrong([store, ...flags], env, /password|user|auth/i);
  });
  await t.step("the wrong name in the servers' certificates is said", async () => {
    const args = [`--store=etcds://${cluster.endpoints[1]}`, ...flags.slice(0, 3)];
    await wrong(
      [...args, "--store-server-name=other.test"],
      {},
      /other\.test|certificate|altnames/i,
    );
  });
  await Deno.remove(directory, { recursive: true });
});
