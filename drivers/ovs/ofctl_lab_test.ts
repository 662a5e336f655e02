import { deepEqual, equal } from "node:assert/strict";
import { changeLines } from "./flow_commands.ts";
import { Ofctl } from "./ofctl.ts";
import { dropFlow, never, openLab } from "./testing/open_lab.ts";
import { waitUntil } from "./testing/private_ovs.ts";

/** Processes that wait to write to this socket. */
async function waiting(socket: string): Promise<number[]> {
  const pids: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const command = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (command.includes(`\0bundle\0unix:${socket}\0`)) {
      pids.push(Number(name));
    }
  }
  return pids;
}

Deno.test("ofctl keeps processes waiting, survives their death, and leaves none when closed", async () => {
  await using lab = await openLab();
  await lab.driver.start(never);
  // Another path to the same socket, so that the driver's own processes are not counted.
  const socket = `${lab.ovs.directory}/./contiv0.mgmt`;
  const ofctl = new Ofctl({ socket, onWeakened: () => {} });
  equal((await waiting(socket)).length, 4);
  for (const pid of await waiting(socket)) Deno.kill(pid, "SIGKILL");
  await ofctl.apply(changeLines({ add: [dropFlow("10.0.0.1")], remove: [] }));
  equal((await ofctl.dump()).flows.length, 1);
  // Each change fills the pool again, soon after.
  await ofctl.apply(changeLines({ add: [dropFlow("10.0.0.1")], remove: [] }));
  await waitUntil("the pool is full again", async () => (await waiting(socket)).length === 4);
  await ofctl.close();
  await waitUntil("none waits", async () => (await waiting(socket)).length === 0);
  deepEqual(await ofctl.apply([]), undefined);
});
