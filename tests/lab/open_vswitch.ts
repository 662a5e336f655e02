/**
 * Open vSwitch in a lab node, at the paths that Debian's package uses, all of them the node's own.
 * @module
 */
import type { LabNode } from "./node.ts";
import { waitFor } from "./wait.ts";

const DATABASE = "/etc/openvswitch/conf.db";
const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const LOGS = "/var/log/openvswitch";

export type OvsDaemon = "ovsdb-server" | "ovs-vswitchd";

/** Starts what is not running of the two daemons; both have answered when this resolves. The database outlives them. */
export async function startOvs(node: LabNode): Promise<void> {
  if (!(await node.exec(["test", "-e", DATABASE])).code) {
    await node.exec(["rm", "-f", "/etc/openvswitch/.conf.db.~lock~"]);
  } else {
    await node.must(["ovsdb-tool", "create", DATABASE, SCHEMA]);
  }
  if (!await isRunning(node, "ovsdb-server")) {
    await node.must([
      "ovsdb-server",
      DATABASE,
      "--remote=punix:/run/openvswitch/db.sock",
      `--log-file=${LOGS}/ovsdb-server.log`,
      "--pidfile",
      "--detach",
    ]);
    await node.must(["ovs-vsctl", "--timeout=10", "--no-wait", "init"]);
  }
  if (!await isRunning(node, "ovs-vswitchd")) {
    await node.must([
      "ovs-vswitchd",
      `--log-file=${LOGS}/ovs-vswitchd.log`,
      "--pidfile",
      "--detach",
    ]);
  }
}

/** Ends both daemons in an orderly way. */
export async function stopOvs(node: LabNode): Promise<void> {
  for (const daemon of ["ovs-vswitchd", "ovsdb-server"] as const) {
    if (await isRunning(node, daemon)) {
      await node.must(["ovs-appctl", "--timeout=10", `--target=${daemon}`, "exit"]);
    }
  }
}

/** The file that holds a daemon's process id, in the node's own numbering. */
export function ovsPidFile(daemon: OvsDaemon): string {
  return `/run/openvswitch/${daemon}.pid`;
}

/**
 * Whether the daemon answers. One that was killed lingers while its threads end (closing packet sockets takes the kernel some
 * milliseconds): its end is waited for, or a new one would not be started.
 */
async function isRunning(node: LabNode, daemon: OvsDaemon): Promise<boolean> {
  const { code, stdout } = await node.exec(["cat", ovsPidFile(daemon)]);
  if (code !== 0) return false;
  const answers = async () =>
    (await node.exec(["ovs-appctl", "--timeout=1", `--target=${daemon}`, "version"])).code === 0;
  const exists = async () => (await node.exec(["test", "-e", `/proc/${stdout.trim()}`])).code === 0;
  return await waitFor(`${daemon} to answer or to be gone`, async () => {
    if (await answers()) return "running";
    return await exists() ? undefined : "gone";
  }) === "running";
}
