/**
 * The demo's changes to this machine, each with its way back.
 * @module
 */
import { openKernel } from "../../drivers/linux/kernel.ts";
import { must, run } from "../lab/command.ts";
import { BRIDGE, HOST_LINK, OUTSIDE } from "./settings.ts";
import type { Undo } from "./undo.ts";

const FORWARDING = ["ipv4/ip_forward", "ipv6/conf/all/forwarding"];

/** Whether a Docker engine answers at its usual place. */
export async function dockerRuns(): Promise<boolean> {
  try {
    return (await run(["docker", "version"], { deadline: 5000 })).code === 0;
  } catch {
    return false; // not installed
  }
}

/** Refuses to touch a Contiv that is at work here: both would use the same bridge. */
export async function refuseIfInUse(): Promise<void> {
  const exists = await run(["ovs-vsctl", "--timeout=3", "br-exists", BRIDGE]);
  if (exists.code !== 0) return;
  throw new Error(
    `the bridge ${BRIDGE} exists, so a Contiv is or was at work here; the demo would disturb it.\n` +
      `If nothing uses it any more, take it away: ovs-vsctl del-br ${BRIDGE}`,
  );
}

/** Notes what `contiv up` is going to change beyond its own files, so that all of it can be taken back. */
export async function willBeChanged(undo: Undo): Promise<void> {
  const switchRan = (await run(["ovs-appctl", "--timeout=3", "version"])).code === 0;
  if (!switchRan) {
    undo.add("stop Open vSwitch", async () => {
      await run(["ovs-appctl", "--timeout=10", "exit"]);
      await run(["ovs-appctl", "--timeout=10", "--target=ovsdb-server", "exit"]);
    });
  }
  for (const name of FORWARDING) {
    const file = `/proc/sys/net/${name}`;
    const before = await Deno.readTextFile(file);
    undo.add(`restore ${name}`, () => Deno.writeTextFile(file, before));
  }
  undo.add("remove the NAT rules", async () => {
    const kernel = await openKernel();
    await kernel.removeHostAccess({
      link: HOST_LINK,
      mac: "",
      mtu: 0,
      addresses: [],
      masquerade: [],
    });
    await kernel.close();
  });
  undo.add(`remove the bridge ${BRIDGE}`, async () => {
    if ((await run(["ovs-vsctl", "--timeout=3", "show"])).code !== 0) return; // it was never started
    await must(["ovs-vsctl", "--timeout=10", "--if-exists", "del-br", BRIDGE]);
  });
}

/** Something to reach beyond this host, whatever network the machine is in: a namespace behind a link, without a route back. */
export async function makeOutside(undo: Undo): Promise<void> {
  const { namespace, hostLink, hostAddress, hostAddress6, address, address6 } = OUTSIDE;
  await makeNamespace(namespace, undo);
  const peer = ["peer", "name", "eth0", "netns", namespace];
  await must(["ip", "link", "add", hostLink, "type", "veth", ...peer]);
  await must(["ip", "-batch", "-"], {
    stdin: `address add ${hostAddress} dev ${hostLink}\n` +
      `address add ${hostAddress6} dev ${hostLink} nodad\nlink set ${hostLink} up\n`,
  });
  await must(["ip", "-netns", namespace, "-batch", "-"], {
    stdin: `address add ${address}/24 dev eth0\naddress add ${address6}/64 dev eth0 nodad\n` +
      "link set eth0 up\n",
  });
}

export async function makeNamespace(name: string, undo: Undo): Promise<void> {
  await must(["ip", "netns", "add", name]);
  undo.add(`delete the namespace ${name}`, () => must(["ip", "netns", "delete", name]));
}
