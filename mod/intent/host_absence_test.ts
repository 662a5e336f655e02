import assert from "node:assert/strict";
import type { HostState } from "../model/records.ts";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { hostKey } from "../state/keys.ts";
import type { Snapshot } from "../state/snapshot.ts";
import { HostAbsence } from "./host_absence.ts";

function hosts(downSince: Readonly<Record<string, number | undefined>>): Snapshot {
  return fixedSnapshot(
    Object.fromEntries(
      Object.entries(downSince).map(([id, since]): [string, HostState] => [hostKey(id), {
        id,
        identity: id,
        controlAddress: "192.0.2.1",
        vtepAddress: "192.0.2.1",
        since: 1,
        ...(since === undefined ? {} : { downSince: since }),
      }]),
    ),
  );
}

Deno.test("a host is absent for long once it has been seen down for the time that is needed, whatever the store's times", () => {
  const absence = new HostAbsence(100);
  const snapshot = hosts({ a: -1e12, b: undefined });
  assert.deepEqual([...absence.look(snapshot, 1_000)], []);
  assert.deepEqual([...absence.look(snapshot, 1_099)], []);
  assert.deepEqual([...absence.look(snapshot, 1_100)], ["a"]);
});

Deno.test("a host that came back, or went down anew between two looks, is absent from then on", () => {
  const absence = new HostAbsence(100);
  absence.look(hosts({ a: 5, b: 5 }), 0);
  absence.look(hosts({ a: undefined, b: 7 }), 50);
  assert.deepEqual([...absence.look(hosts({ a: 5, b: 7 }), 100)], []);
  assert.deepEqual([...absence.look(hosts({ a: 5, b: 7 }), 150)], ["b"]);
});
