/**
 * Cuts one of three members off from the others, but not from its clients, while those read, write and watch. For a network namespace of
 * its own, whose packet filter it changes. Prints what it measured; fails by its exit code.
 * @module
 */
import assert from "node:assert/strict";
import { must } from "../../../../tests/lab/command.ts";
import { EtcdCluster, type EtcdMember } from "../../../../tests/lab/etcd.ts";
import { waitFor } from "../../../../tests/lab/wait.ts";
import { put } from "../../../../mod/state/plan.ts";
import { StoreError } from "../../../../mod/state/store.ts";
import { openEtcdStore } from "../etcd_store.ts";
import { Load } from "./load.ts";

const USERS = 6;
const KEY = "/contiv.io/cut/a";

const portOf = ({ peer }: EtcdMember) => peer.slice(peer.indexOf(":") + 1);

async function cutOff(member: EtcdMember, others: readonly EtcdMember[]): Promise<void> {
  const tcp = ["iptables", "-A", "OUTPUT", "-p", "tcp"];
  const own = ["-m", "owner", "--uid-owner", String(member.user)];
  for (const other of others) {
    await must([...tcp, ...own, "--dport", portOf(other), "-j", "DROP"]);
  }
  await must([...tcp, "--dport", portOf(member), "-j", "DROP"]);
  await must([...tcp, "--sport", portOf(member), "-j", "DROP"]);
}

await must(["ip", "link", "set", "lo", "up"]);
await using cluster = await EtcdCluster.start({ size: 3, ownUsers: true });
for (const role of ["follower", "leader"]) {
  const leader = await cluster.leader();
  const cut = role === "leader" ? leader : cluster.members.find((member) => member !== leader);
  assert.ok(cut);
  const { endpoints } = cluster;
  const others = cluster.members.filter((member) => member !== cut);
  const stores = await Promise.all(
    Array.from({ length: USERS }, () => openEtcdStore({ endpoints })),
  );
  const lonely = await openEtcdStore({ endpoints: [cut.endpoint] });
  const { revision } = await lonely.transact([], [put(KEY, "before")]);
  const watch = lonely.watch(KEY, revision, new AbortController().signal)[Symbol.asyncIterator]();
  assert.equal((await watch.next()).value?.revision, revision);
  const load = new Load(stores);
  await load.start();
  await load.everybodyGoesOn(10_000);

  const begin = performance.now();
  await cutOff(cut, others);
  await load.everybodyGoesOn(20_000);
  const back = performance.now() - begin;
  const written = await waitFor("a write", () => stores[0]?.transact([], [put(KEY, "after")]));
  const unserved = (error: unknown) =>
    error instanceof StoreError && /unavailable|timeout/.test(error.code);
  await assert.rejects(lonely.get(KEY), unserved);
  assert.equal((await lonely.health())[0]?.healthy, false);

  await must(["iptables", "-F", "OUTPUT"]);
  await cluster.serves();
  const next = await watch.next();
  assert.equal(next.value?.revision, written.revision);
  await load.everybodyGoesOn(10_000);
  await load.finish();
  const { write, read } = load.longestGaps;
  console.log(
    `a ${role} cut off: longest pause ${write} ms between writes, ${read} ms between reads; ` +
      `everybody wrote, read and saw news ${back.toFixed(0)} ms after; ` +
      `${load.acknowledged} writes acknowledged, ${load.unknown} of unknown outcome`,
  );
  assert.ok(write < 10_000 && read < 8_000);
  await load.check();
  await watch.return?.();
  await Promise.all([...stores, lonely].map((store) => store.close()));
}
