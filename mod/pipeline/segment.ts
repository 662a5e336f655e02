/**
 * The layer 2 segment that a network is in bridge mode: its number in the segment register. One place, so that VLANs find their numbers
 * beside the VNIs, which take 24 bits.
 * @module
 */
import type { PipelineNetwork } from "./input.ts";
import { loadRegister, matchRegister } from "./registers.ts";

/** First number after the VNIs. */
const VLANS = 0x100_0000;

export function isVlan({ encapsulation }: PipelineNetwork): boolean {
  return encapsulation === "vlan";
}

export function matchSegment(network: PipelineNetwork): string {
  return matchRegister("segment", segmentOf(network));
}

export function loadSegment(network: PipelineNetwork): string {
  return loadRegister("segment", segmentOf(network));
}

function segmentOf({ vni, vlan }: PipelineNetwork): number {
  return vlan === undefined ? vni : VLANS + vlan;
}
