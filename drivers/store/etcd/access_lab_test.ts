/** Who may use a cluster, and what those are told who may not. */
import assert from "node:assert/strict";
import { EtcdCluster } from "../../../tests/lab/etcd.ts";
import { Authority } from "../../../tests/lab/certificates.ts";
import { put } from "../../../mod/state/plan.ts";
import { type Store, StoreError, type StoreErrorCode } from "../../../mod/state/store.ts";
import { type EtcdOptions, openEtcdStore } from "./etcd_store.ts";

const TLS_NAME = "etcd.test";
const KEY = "/contiv.io/access/a";
const PASSWORD = "s3cret-of-contiv";

async function withStore(
  options: EtcdOptions,
  body: (store: Store) => Promise<void>,
): Promise<void> {
  const store = await openEtcdStore(options);
  try {
    await body(store);
  } finally {
    await store.close();
  }
}

async function refused(
  code: StoreErrorCode,
  says: RegExp,
  action: () => Promise<unknown>,
): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, says);
    assert.doesNotMatch(error.message, new RegExp(PASSWORD));
    return true;
  });
}

Deno.test("etcd store uses TLS with the right certificates, and names what is wrong with others", async (t) => {
  await using cluster = await EtcdCluster.start({ tls: [`DNS:${TLS_NAME}`, "IP:127.0.0.1"] });
  const { endpoints, tls: files } = cluster;
  assert.ok(files);
  const read = Deno.readTextFileSync;
  const ca = read(files.ca);
  const client = { certificate: read(files.client.certificate), key: read(files.client.key) };
  const directory = await Deno.makeTempDir({ prefix: "contiv-etcd-tls-" });
  const stranger = await Authority.make(directory, "stranger");
  const strangers = await stranger.issue("client", ["DNS:client"]);
  const unknown = { certificate: read(strangers.certificate), key: read(strangers.key) };

  const right = { ca, ...client };
  for (const tls of [right, { ...right, serverName: TLS_NAME }]) {
    await t.step(
      `right${"serverName" in tls ? ", by name" : ", by address"}`,
      () =>
        withStore({ endpoints, tls }, async (store) => {
          const { revision } = await store.transact([], [put(KEY, 1)]);
          const watch = store.watch("/", revision, new AbortController().signal);
          for await (const batch of watch) {
            assert.equal(batch.revision, revision);
            break;
          }
          assert.equal((await store.health())[0]?.healthy, true);
        }),
    );
  }
  const wrong: [title: string, tls: EtcdOptions["tls"]][] = [
    ["another authority", { ...right, ca: read(stranger.ca.certificate) }],
    ["no client certificate", { ca }],
    ["a stranger's client certificate", { ca, ...unknown }],
    ["another server name", { ...right, serverName: "elsewhere.test" }],
  ];
  for (const [title, tls] of wrong) {
    await t.step(title, () =>
      withStore({ endpoints, ...(tls && { tls }) }, async (store) => {
        await refused("unusable", /etcdctl/, () => store.get(KEY));
        assert.equal((await store.health())[0]?.healthy, false);
      }));
  }
  await t.step(
    "no TLS",
    () =>
      withStore({ endpoints }, (store) => refused("unavailable", /etcdctl/, () => store.get(KEY))),
  );
  await Deno.remove(directory, { recursive: true });
});

Deno.test("etcd store refuses a member whose certificate does not name its address", async () => {
  await using cluster = await EtcdCluster.start({ tls: [`DNS:${TLS_NAME}`, "IP:127.0.0.2"] });
  const { endpoints, tls: files } = cluster;
  assert.ok(files);
  const ca = Deno.readTextFileSync(files.ca);
  const certificate = Deno.readTextFileSync(files.client.certificate);
  const key = Deno.readTextFileSync(files.client.key);
  const tls = { ca, certificate, key };
  await withStore({ endpoints, tls: { ...tls, serverName: TLS_NAME } }, async (store) => {
    await store.get(KEY);
  });
  await withStore(
    { endpoints, tls },
    (store) => refused("unusable", /127\.0\.0\.1/, () => store.get(KEY)),
  );
});

Deno.test("etcd store logs in, and names the user who may not", async (t) => {
  await using cluster = await EtcdCluster.start({ flags: ["--auth-token-ttl=2"] });
  const { endpoints } = cluster;
  const auth = { username: "contiv", password: PASSWORD };
  await t.step(
    "a user where none is needed",
    () =>
      withStore({ endpoints, auth }, async (store) => {
        await store.transact([], [put(KEY, 0)]);
      }),
  );
  await cluster.enableAuth([
    { ...auth, name: auth.username, prefix: "/contiv.io/" },
    { name: "guest", password: PASSWORD },
  ]);
  await t.step(
    "right, and again after the member forgot the token",
    () =>
      withStore({ endpoints, auth }, async (store) => {
        const { revision } = await store.transact([], [put(KEY, 1)]);
        const [member] = cluster.members;
        await member?.kill();
        member?.start();
        await cluster.serves();
        await store.transact([], [put(KEY, 2)]);
        const seen: unknown[] = [];
        for await (
          const batch of store.watch("/contiv.io/access/", revision, new AbortController().signal)
        ) {
          seen.push(batch.events.length);
          if (seen.length === 2) break;
        }
        assert.equal((await store.health())[0]?.healthy, true);
        await store.renewLease(await store.grantLease(5_000));
      }),
  );
  await t.step(
    "a wrong password",
    () =>
      withStore({ endpoints, auth: { ...auth, password: `${PASSWORD}!` } }, async (store) => {
        await refused("unusable", /contiv.*password is wrong/, () => store.get(KEY));
        await refused(
          "unusable",
          /contiv.*password is wrong/,
          () => store.transact([], [put(KEY, 3)]),
        );
      }),
  );
  await t.step(
    "no user",
    () =>
      withStore(
        { endpoints },
        (store) => refused("unusable", /requires a user/, () => store.get(KEY)),
      ),
  );
  await t.step(
    "a user without rights",
    () =>
      withStore({ endpoints, auth: { username: "guest", password: PASSWORD } }, async (store) => {
        await refused("unusable", /guest.*grant-permission/, () => store.get(KEY));
        await refused("unusable", /guest/, () => store.transact([], [put(KEY, 3)]));
        const watch = store.watch("/contiv.io/", 1, new AbortController().signal);
        await refused("unusable", /guest/, () => watch[Symbol.asyncIterator]().next());
      }),
  );
});
