/**
 * What travels with a packet through the tables: one whole register a field, so that a dump reads by itself. A register is zero
 * until a table writes it; it is lost at the end of the pipeline, and kept through conntrack's recirculation.
 * @module
 */
import { setField } from "./syntax.ts";

export const REGISTERS = {
  /** The tenant's VRF id, 1–65534; 0: not known yet. Its low 16 bits are also the tenant's conntrack zone. */
  vrf: "reg0",
  /** Where the packet came from: a value of SOURCE_KIND. */
  sourceKind: "reg1",
  /** Group id of the sender, 0 for none. */
  sourceGroup: "reg2",
  /** Group id of the receiver, 0 for none. */
  destinationGroup: "reg3",
  /** OpenFlow port that the output table sends to. */
  outputPort: "reg4",
  /** Bits that features hand to later tables: FLAGS. */
  flags: "reg5",
  /** The layer 2 segment, in bridge mode only: the VNI, or 16777216 + the VLAN. segment.ts makes it of a network. */
  segment: "reg6",
  /** Within one table, or between a table and its helper; means nothing to any other. */
  scratch: "reg12",
} as const;

export type RegisterName = keyof typeof REGISTERS;

/**
 * Bits of the register flags: where the packet goes instead of to the output port. flood: to the segment's flood group. normal: to Open
 * vSwitch's own learning switch.
 */
export const FLAGS = { flood: 1, normal: 2 } as const;

export type FlagName = keyof typeof FLAGS;

export const SOURCE_KIND = { endpoint: 1, host: 2, tunnel: 3, uplink: 4 } as const;

export function matchRegister(register: RegisterName, value: number): string {
  return `${REGISTERS[register]}=${hex(value)}`;
}

export function loadRegister(register: RegisterName, value: number): string {
  return setField(hex(value), REGISTERS[register]);
}

export function matchSource(kind: keyof typeof SOURCE_KIND): string {
  return matchRegister("sourceKind", SOURCE_KIND[kind]);
}

export function matchFlag(flag: FlagName): string {
  return `${REGISTERS.flags}=${hex(FLAGS[flag])}/${hex(FLAGS[flag])}`;
}

export function setFlag(flag: FlagName): string {
  return setField(`${hex(FLAGS[flag])}/${hex(FLAGS[flag])}`, REGISTERS.flags);
}

/** The register as `move` and `output` name it (ovs-actions(7)). */
export function wholeRegister(register: RegisterName): string {
  return `NXM_NX_${REGISTERS[register].toUpperCase()}[]`;
}

/** As Open vSwitch prints it: lower-case hexadecimal, but plain 0. */
export function hex(value: number): string {
  return value === 0 ? "0" : `0x${value.toString(16)}`;
}
