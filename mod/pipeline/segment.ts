/**
 * The layer 2 segment that a network is in bridge mode: its number in the segment register. One place, so that a network with another
 * encapsulation finds its numbers beside the VNIs, which take 24 bits.
 * @module
 */
import type { PipelineNetwork } from "./input.ts";
import { loadRegister, matchRegister } from "./registers.ts";

export function matchSegment({ vni }: PipelineNetwork): string {
  return matchRegister("segment", vni);
}

export function loadSegment({ vni }: PipelineNetwork): string {
  return loadRegister("segment", vni);
}
