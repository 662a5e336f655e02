import { equal, match, rejects } from "node:assert/strict";
import { startPrivateOvs } from "./private_ovs.ts";

Deno.test("private Open vSwitch serves a bridge, survives restarts and leaves nothing when stopped", async () => {
  const ovs = await startPrivateOvs();
  try {
    await ovs.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev");
    match(await ovs.ofctl("show", "br0"), /LOCAL\(br0\)/);
    await ovs.killVswitchd();
    await ovs.startVswitchd();
    await ovs.restartVswitchd();
    await ovs.killDatabase();
    await ovs.startDatabase();
    match(await ovs.vsctl("show"), /Bridge br0/);
  } finally {
    await ovs.stop();
  }
  await ovs.stop();
  await rejects(Deno.stat(ovs.directory), Deno.errors.NotFound);
  await rejects(Deno.stat(`/run/netns/${ovs.namespace}`), Deno.errors.NotFound);
  equal(ovs.namespace.length, 14);
});
