import assert from "node:assert/strict";
import { EtcdCluster } from "../lab/etcd.ts";
import { waitFor } from "../lab/wait.ts";
import { MasterProcess } from "./master_process.ts";

/** A cluster's election takes seconds: a watch is given up only after several times that. */
const WATCH_PATIENCE_MS = 40_000;
const AWAY = /The store .* is away/;
const SERVES = /State is in/;
const TENANT = (name: string) => `/contiv.io/obj/modeldb/tenant/${name}`;

const tenant = (master: MasterProcess, name: string) =>
  master.call("POST", `/api/v1/tenants/${name}/`, { tenantName: name });

const tenants = async (master: MasterProcess): Promise<string[]> => {
  const { status, text } = await master.call("GET", "/api/v1/tenants/");
  assert.equal(status, 200, text);
  return JSON.parse(text).map(({ tenantName }: { tenantName: string }) => tenantName).sort();
};

/** How often the log says something. */
const times = (log: string, what: RegExp) =>
  log.split("\n").filter((line) => what.test(line)).length;

Deno.test("a master that starts while its store is away answers at once, says why, and serves when the store comes", async (t) => {
  await using etcd = await EtcdCluster.start();
  const [member] = etcd.members;
  assert.ok(member);
  await member.kill();
  await using master = new MasterProcess({ args: [`--etcd=${member.endpoint}`] });
  master.launch();

  await t.step("reads and writes are refused with the reason", async () => {
    await master.answers();
    await waitFor("the log to say it", () => times(master.log, AWAY) === 1, 15_000);
    for (const reply of [await master.call("GET", "/api/v1/tenants/"), await tenant(master, "t")]) {
      assert.equal(reply.status, 503);
      assert.match(reply.text, new RegExp(`etcd.*${member.endpoint}[^]*healthz`));
    }
    const health = await waitFor("the reason", async () => {
      const found = await master.health();
      return found.store.since === undefined ? undefined : found;
    });
    assert.equal(health.ok, false);
    assert.ok(Math.abs(Date.parse(health.store.since ?? "") - Date.now()) < 60_000);
    assert.deepEqual(health.store.members.map(({ healthy }) => healthy), [false]);
  });

  await t.step("it works as soon as the store does", async () => {
    member.start();
    await master.serves();
    assert.equal((await tenant(master, "t")).status, 200);
    assert.deepEqual(await tenants(master), ["default", "t"]);
  });

  await t.step("reads go on while the store is away again, changes are refused", async () => {
    await member.kill();
    const lost = async () => !(await master.health()).cache.ok;
    await waitFor("the loss of the watch", lost, WATCH_PATIENCE_MS);
    assert.deepEqual(await tenants(master), ["default", "t"]);
    const refused = await tenant(master, "u");
    assert.equal(refused.status, 503, refused.text);
    assert.match(refused.text, new RegExp(member.endpoint));
  });

  await t.step("it finds what was written and compacted away meanwhile", async () => {
    member.start();
    await etcd.serves();
    const value = (await etcd.ctl(["get", "--print-value-only", TENANT("t")])).trim();
    await etcd.ctl(["put", TENANT("v"), value.replaceAll('"t"', '"v"')]);
    const status = JSON.parse(await etcd.ctl(["endpoint", "status", "-w", "json"]));
    await etcd.ctl(["compact", String(status[0].Status.header.revision)]);
    await master.serves();
    assert.deepEqual(await tenants(master), ["default", "t", "v"]);
    assert.equal((await tenant(master, "u")).status, 200);
  });

  await t.step("the log has one line for each change of the store's state", async () => {
    assert.equal(times(master.log, AWAY), 2, master.log);
    assert.equal(times(master.log, SERVES), 2, master.log);
    assert.equal(await master.stop(), 0);
  });
});

Deno.test("a master that is told to stop while its store is away stops at once", async () => {
  await using etcd = await EtcdCluster.start();
  await etcd.members[0]?.kill();
  await using master = new MasterProcess({ args: [`--etcd=${etcd.endpoints[0]}`] });
  master.launch();
  await master.answers();
  const start = performance.now();
  assert.equal(await master.stop(), 0);
  assert.ok(performance.now() - start < 5_000);
});
