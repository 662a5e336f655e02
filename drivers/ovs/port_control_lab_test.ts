import { deepEqual, equal } from "node:assert/strict";
import { Database } from "./database.ts";
import { PortControl } from "./port_control.ts";
import { type Lab, never, openLab, veth } from "./testing/open_lab.ts";
import { waitUntil } from "./testing/private_ovs.ts";

/** Port control on a database whose ovs-vswitchd was killed: what it says, the test says. */
async function openControl(lab: Lab) {
  await lab.driver.start(never);
  await lab.ovs.killVswitchd();
  let changes = 0;
  const database: Database = new Database(lab.ovs.database, {
    prepare: () => Promise.resolve(),
    reconnected: () => {},
    lost: () => {},
    changed: () => void (control.refresh() && changes++),
  });
  const control = new PortControl(database, "contiv0", () => {});
  await database.open(never);
  control.refresh();
  return {
    control,
    get changes() {
      return changes;
    },
    isPresent: (name: string) => control.ours().some((port) => port.name === name),
    number: (name: string) => control.ours().find((port) => port.name === name)?.number,
    [Symbol.asyncDispose]: () => database.close(),
  };
}

const added = (name: string, number: number) =>
  ({ reason: "add", name, number, up: true }) as const;

Deno.test("port control has a port attached by the word of ovs-vswitchd alone, if it says the wanted number", async () => {
  await using lab = await openLab();
  await using opened = await openControl(lab);
  const { control, isPresent, number } = opened;
  let attached = false;
  const done = control.apply([veth("v1", 7)], [], never).then(() => attached = true);
  await waitUntil("in the database", () => isPresent("v1"));
  control.told({ ...added("v1", 7), reason: "modify" });
  control.told(added("v2", 7));
  control.told(added("v1", 8));
  await lab.ovs.vsctl("--no-wait", "set", "port", "v1", "external_ids:seen=1");
  equal(attached, false);
  control.told(added("v1", 7));
  await done;
  equal(number("v1"), 7);
  equal(opened.changes, 0, "our own attachment is no news");
});

Deno.test("port control shows no number that the database takes back", async () => {
  await using lab = await openLab();
  await using opened = await openControl(lab);
  const { control, isPresent, number } = opened;
  const done = control.apply([veth("v1", 7)], [], never);
  await waitUntil("in the database", () => isPresent("v1"));
  control.told(added("v1", 7));
  await done;
  await lab.ovs.vsctl("--no-wait", "set", "interface", "v1", 'error="no such device"');
  await waitUntil("the error is seen", () => control.ours()[0]?.error !== undefined);
  equal(number("v1"), undefined);
  equal(opened.changes, 1);
});

Deno.test("port control does not give a port that somebody else adds the number of one that is gone", async () => {
  await using lab = await openLab();
  await using opened = await openControl(lab);
  const { control, isPresent, number } = opened;
  const done = control.apply([veth("v1", 7)], [], never);
  await waitUntil("in the database", () => isPresent("v1"));
  control.told(added("v1", 7));
  await done;
  await lab.ovs.vsctl("--no-wait", "del-port", "v1");
  await waitUntil("gone", () => !isPresent("v1"));
  const mark = ["--", "set", "port", "v1", "external_ids:contiv-owner=e1"];
  await lab.ovs.vsctl("--no-wait", "add-port", "contiv0", "v1", ...mark);
  await waitUntil("there again", () => isPresent("v1"));
  equal(number("v1"), undefined);
});

Deno.test("port control gives up what it heard of a port with the call that failed", async () => {
  await using lab = await openLab();
  await using opened = await openControl(lab);
  const { control, isPresent } = opened;
  const giveUp = new AbortController();
  const failed = control.apply([veth("v1", 7)], [], giveUp.signal).catch((error) => error.message);
  await waitUntil("in the database", () => isPresent("v1"));
  giveUp.abort(new Error("given up"));
  await failed;
  control.told(added("v1", 7));
  deepEqual(control.ours(), []);
});

Deno.test("port control has a port changed in place when ovs-vswitchd has put all of the change into force", async () => {
  await using lab = await openLab();
  await using opened = await openControl(lab);
  const { control, isPresent } = opened;
  const attached = control.apply([veth("v1", 7)], [], never);
  await waitUntil("in the database", () => isPresent("v1"));
  control.told(added("v1", 7));
  await attached;
  let changed = false;
  const done = control.apply([{ ...veth("v1", 7), vlan: 100 }], [], never)
    .then(() => changed = true);
  await waitUntil("in the database", () => control.ours()[0]?.vlan === 100);
  await lab.ovs.vsctl("--no-wait", "set", "port", "v1", "external_ids:seen=1");
  equal(changed, false);
  await lab.ovs.vsctl("--no-wait", "set", "open_vswitch", ".", "cur_cfg=1000");
  await done;
});
