/**
 * Reads what the switch has: one request, an answer in parts (OpenFlow 1.5.1 §7.3.5).
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { SwitchError } from "../../../mod/agent/switch.ts";
import { OURS } from "../flow_cookie.ts";
import type { InstalledFlow } from "../flow_commands.ts";
import type { InstalledGroup } from "../group_commands.ts";
import type { InstalledMeter } from "../meter_commands.ts";
import type { Decoded, OpenFlowCodec, PortStatistics } from "./codec.ts";
import type { Connection } from "./connection.ts";
import type { Message } from "./message.ts";

/** Ours, by their cookie. */
export function dumpFlows(connection: Connection, codec: OpenFlowCodec): Promise<InstalledFlow[]> {
  const [cookie = "", mask = ""] = OURS.split("/");
  const request = (xid: number) => codec.encodeFlowDump(xid, BigInt(cookie), BigInt(mask));
  return collect(connection, codec, request, (part) => part.kind === "flows" && part.flows);
}

export function dumpGroups(
  connection: Connection,
  codec: OpenFlowCodec,
): Promise<InstalledGroup[]> {
  const request = (xid: number) => codec.encodeDump(xid, "groups");
  return collect(connection, codec, request, (part) => part.kind === "groups" && part.groups);
}

export function dumpMeters(
  connection: Connection,
  codec: OpenFlowCodec,
): Promise<InstalledMeter[]> {
  const request = (xid: number) => codec.encodeDump(xid, "meters");
  return collect(connection, codec, request, (part) => part.kind === "meters" && part.meters);
}

export function dumpPortStatistics(
  connection: Connection,
  codec: OpenFlowCodec,
): Promise<PortStatistics[]> {
  const request = (xid: number) => codec.encodeDump(xid, "port-statistics");
  return collect(
    connection,
    codec,
    request,
    (part) => part.kind === "port-statistics" && part.ports,
  );
}

/** `itemsOf` gives false for what is no part of the answer. */
async function collect<T>(
  connection: Connection,
  codec: OpenFlowCodec,
  request: (xid: number) => Message,
  itemsOf: (part: Decoded) => readonly T[] | false,
): Promise<T[]> {
  using exchange = connection.exchange(1);
  await connection.write(request(exchange.first));
  const items: T[] = [];
  for (;;) {
    const part = codec.decode(await exchange.next());
    const some = itemsOf(part);
    if (!some || !("more" in part)) {
      throw new SwitchError("protocol", `unexpected answer: ${JSON.stringify(part)}`);
    }
    for (const item of some) items.push(item);
    if (!part.more) return items;
    // Many parts may have come already; each has up to 64 KiB, some thousand flows, decoded in some 2 ms.
    await setImmediate();
  }
}
