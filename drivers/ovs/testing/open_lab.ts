/**
 * The driver on a private Open vSwitch, with what its tests need around it.
 * @module
 */
import { configureSync, getLogger } from "@logtape/logtape";
import type { PortSpec, Switch, SwitchEvent } from "../../../mod/agent/switch.ts";
import type { Flow } from "../../../mod/pipeline/flow.ts";
import { openSwitch, type OpenSwitchOptions } from "../switch.ts";
import { type PrivateOvs, startPrivateOvs, waitUntil } from "./private_ovs.ts";

export const never: AbortSignal = new AbortController().signal;

export interface Lab extends AsyncDisposable {
  readonly ovs: PrivateOvs;
  readonly driver: Switch;
  /** A second driver on the same Open vSwitch, as after a restart of the agent. Closed with the lab. */
  open(): Switch;
  /** Events of `driver` so far, by type. */
  readonly seen: string[];
  /** Resolves when an event of this type came after the call `mark()` or the last `event()`. */
  event(type: SwitchEvent["type"]): Promise<void>;
  /** Adds links `<name>` in the namespace. */
  links(...names: string[]): Promise<void>;
}

/** Messages of the driver at level error, for tests that await one. */
export const logged: string[] = [];
configureSync({
  reset: true,
  sinks: { memory: (record) => void logged.push(record.message.join("")) },
  loggers: [
    { category: "contiv", sinks: ["memory"], lowestLevel: "debug" },
    { category: ["logtape", "meta"], sinks: [] },
  ],
});

export async function openLab(
  options: Pick<OpenSwitchOptions, "flowProgrammer"> = {},
): Promise<Lab> {
  const ovs = await startPrivateOvs();
  const opened: Switch[] = [];
  const open = () => {
    const driver = openSwitch({
      database: ovs.database,
      runDirectory: ovs.directory,
      startDaemons: false,
      logger: getLogger(["contiv", "ovs"]),
      ...options,
    });
    opened.push(driver);
    return driver;
  };
  const driver = open();
  const seen: string[] = [];
  const listening = collect(driver.events(never), seen);
  let read = 0;
  return {
    ovs,
    driver,
    open,
    seen,
    async event(type) {
      await waitUntil(`event ${type} after ${seen}`, () => seen.indexOf(type, read) >= 0);
      read = seen.indexOf(type, read) + 1;
    },
    async links(...names) {
      const args = names.map((name) => `link add ${name} type veth peer name ${name}p\n`).join("");
      await Deno.writeTextFile(`${ovs.directory}/links`, args);
      await ovs.exec("ip", "-batch", `${ovs.directory}/links`);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((each) => each.close()));
      await listening;
      await ovs.stop();
    },
  };
}

export function veth(name: string, number: number): PortSpec {
  return { name, type: "system", number, externalIds: { "contiv-owner": `endpoint:${name}` } };
}

export function dropFlow(address: string, table = 10, actions: readonly string[] = []): Flow {
  return { table, priority: 100, match: ["ip", `nw_src=${address}`], actions };
}

/** 10.x.y.z of the `index`-th of many. */
export function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

async function collect(events: AsyncIterable<SwitchEvent>, into: string[]): Promise<void> {
  for await (const event of events) into.push(event.type);
}
