/**
 * What contiv_ovs_decode() says of a message (contiv_ovs.h), as data. Pure.
 * @module
 */
import type { InstalledFlow } from "../flow_commands.ts";
import type { InstalledGroup } from "../group_commands.ts";
import { parseMeter } from "../meter_commands.ts";
import type { Decoded, PortCounters, PortStatistics, PortStatus } from "./codec.ts";

/** The library's ABI number holds both sides to this one meaning. */
export interface DecodedJson {
  readonly type: string;
  readonly error?: string;
  readonly description?: string;
  readonly more?: boolean;
  readonly flows?: readonly InstalledFlow[];
  readonly groups?: readonly InstalledGroup[];
  /** As Open vSwitch prints them. */
  readonly meters?: readonly string[];
  /** Packets, bytes, dropped, errors, as decimal numbers; null: not counted. */
  readonly ports?: readonly {
    readonly number: number;
    readonly received: readonly (string | null)[];
    readonly sent: readonly (string | null)[];
  }[];
  readonly status?: PortStatus;
}

export function fromJson(said: DecodedJson): Decoded {
  const more = said.more === true;
  if (said.type === "INVALID") return { kind: "invalid", reason: said.error ?? "" };
  if (said.flows) return { kind: "flows", more, flows: said.flows };
  if (said.groups) return { kind: "groups", more, groups: said.groups };
  if (said.meters) return { kind: "meters", more, meters: said.meters.map(parseMeter) };
  if (said.ports) return { kind: "port-statistics", more, ports: said.ports.map(statistics) };
  if (said.status) return { kind: "port-status", status: said.status };
  if (said.error === undefined) return { kind: "other", type: said.type };
  return { kind: "error", name: said.error, description: said.description ?? "" };
}

function statistics(
  { number, received, sent }: NonNullable<DecodedJson["ports"]>[number],
): PortStatistics {
  return { number, received: counters(received), sent: counters(sent) };
}

function counters(texts: readonly (string | null)[]): PortCounters {
  const names = ["packets", "bytes", "dropped", "errors"] as const;
  const known = names.flatMap((name, index) => {
    const text = texts[index];
    return typeof text === "string" ? [[name, BigInt(text)] as const] : [];
  });
  return Object.fromEntries(known);
}
