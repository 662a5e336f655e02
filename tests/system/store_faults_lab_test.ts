import assert from "node:assert/strict";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Calls } from "./chaos/calls.ts";
import { Contiv, type ContivOptions } from "./contiv.ts";
import { Namespace } from "./namespace.ts";
import { pingDuring } from "./ping.ts";

const DIRECTORY = "/var/lib/contiv";
const FILE = `${DIRECTORY}/state.db`;
/** Exit code: starting again is of no use before somebody acts. */
const UNUSABLE = 22;
const BACKUP = "/run/backup.db";
/** Shell commands. */
const DAMAGES = {
  "with damaged pages": `dd if=/dev/urandom of=${FILE} bs=4k seek=3 count=4 conv=notrunc`,
  "cut off": `truncate -s 20k ${FILE}`,
  "of something else": `head -c 8192 /dev/urandom > ${FILE}`,
};

const network = (name: string, third: number) => ({
  tenantName: "default",
  networkName: name,
  encap: "vxlan",
  subnet: `10.1.${third}.0/24`,
  gateway: `10.1.${third}.254`,
});

/** Runs contiv to its end; returns its exit code and what it logged meanwhile. */
async function refused(host: Host, options: ContivOptions = {}): Promise<[number, string]> {
  const contiv = new Contiv(host, options);
  const before = contiv.tail(Infinity).length;
  contiv.launch();
  const { code } = await contiv.ended();
  return [code, contiv.tail(Infinity).slice(before)];
}

Deno.test("contiv says what to do when its store cannot be used, and lets traffic go on", async (t) => {
  await using lab = await Lab.create({ name: "store-faults" });
  const host = await lab.host("a");

  await t.step(
    "a directory that cannot be written ends it, and it says what is needed",
    async () => {
      await host.must(["mount", "-o", "remount,ro", DIRECTORY]);
      const [code, log] = await refused(host);
      assert.equal(code, UNUSABLE);
      assert.match(
        log,
        /could not create \/var\/lib\/contiv\/state\.db: .*Read-only.*; make the file/,
      );
      await host.must(["mount", "-o", "remount,rw", DIRECTORY]);
    },
  );

  // Small, so that it is soon full.
  await host.must(["mount", "-o", "remount,size=4m", DIRECTORY]);
  const contiv = await Contiv.start(host);
  const calls = Calls.open(host);
  await using _ = { [Symbol.asyncDispose]: () => calls.close() };
  await waitFor(
    "the API",
    async () => (await calls.put("networks/default:net", network("net", 2))).status === 200,
  );
  const one = await Namespace.create(host, "one");
  for (const name of ["two", "three", "four", "five"]) await Namespace.create(host, name);
  for (const netns of ["one", "two", "three"]) {
    assert.equal((await calls.attach({ netns, network: "net" })).status, 200);
  }
  await one.mustReach("10.1.2.2");
  const inside = ["nsenter", "--net=/run/netns/one", "--"];

  await t.step(
    "a full disk refuses writes with the reason; reads and traffic go on; nothing is lost",
    async () => {
      const result = await pingDuring(host, inside, "10.1.2.2", async () => {
        await host.must(["sh", "-c", `dd if=/dev/zero of=${DIRECTORY}/ballast bs=4k 2>&1 || :`]);
        for (let i = 0;; i++) {
          const reply = await calls.put(`networks/default:full${i}`, network(`full${i}`, 10 + i));
          if (reply.status === 200) continue;
          assert.equal(reply.status, 503);
          assert.match(reply.text, /disk is full; free some space/);
          break;
        }
        const attach = await calls.attach({ netns: "four", network: "net" });
        assert.equal(attach.status, 503);
        assert.match(attach.text, /disk is full; free some space/);
        const detach = await calls.detach("three");
        assert.equal(detach.status, 503, detach.text);
        await one.mustReach("10.1.2.3");
        assert.match((await calls.get("networks")).text, /"net"/);
        await host.must(["rm", `${DIRECTORY}/ballast`]);
        assert.equal((await calls.attach({ netns: "four", network: "net" })).status, 200);
      });
      console.log(`${result.received} of ${result.sent} echo requests answered`);
      assert.ok(result.sent - result.received <= 1, JSON.stringify(result));
      await contiv.restart("SIGKILL");
      for (const address of ["10.1.2.2", "10.1.2.3", "10.1.2.4"]) await one.mustReach(address);
    },
  );

  for (
    const more of [[], ["--plugin-socket=none"], [
      "--plugin-socket=none",
      "--external-address=127.0.0.1:9998",
    ]]
  ) {
    await t.step(
      `a second contiv up is refused and leaves the first undisturbed ${more.join(" ")}`,
      async () => {
        const [code, log] = await refused(host, { args: more });
        assert.equal(code, 1);
        assert.match(log, /Cannot go on: cannot serve .*: another process does/);
        assert.equal((await calls.attach({ netns: "five", network: "net" })).status, 200);
        assert.equal((await calls.detach("five")).status, 200);
        assert.equal((await calls.get("networks")).status, 200);
      },
    );
  }

  await contiv.stop();
  await host.must(["cp", FILE, BACKUP]);
  await contiv.start();

  await t.step(
    "a file that was deleted takes no more writes; reads and traffic go on",
    async () => {
      await host.must(["rm", FILE]);
      const reply = await calls.put("networks/default:lost", network("lost", 99));
      assert.equal(reply.status, 503);
      assert.match(reply.text, /state\.db was removed or replaced.*put it back.* restart contiv/);
      assert.match((await calls.get("networks")).text, /"net"/);
      await one.mustReach("10.1.2.2");
      await contiv.stop();
    },
  );

  await t.step("a fresh start without the file touches nothing, and says why", async () => {
    contiv.launch();
    await waitFor("the reason", () => /endpoints of another store/.test(contiv.tail()));
    await one.mustReach("10.1.2.2");
    await contiv.stop();
  });

  for (const [what, damage] of Object.entries(DAMAGES)) {
    await t.step(`a file ${what} ends it at the start, and it says what to do`, async () => {
      await host.must(["sh", "-c", `rm ${FILE}*; cp ${BACKUP} ${FILE}; ${damage}`]);
      const [code, log] = await refused(host);
      assert.equal(code, UNUSABLE, log);
      assert.match(log, /restore it from a backup, or move it away/);
      await one.mustReach("10.1.2.2");
    });
  }

  await t.step("with the backup in its place everything is as it was", async () => {
    await host.must(["sh", "-c", `rm -f ${FILE}*; cp ${BACKUP} ${FILE}`]);
    await contiv.start();
    await one.mustReach("10.1.2.3");
    assert.equal((await calls.detach("two")).status, 200);
  });
});
