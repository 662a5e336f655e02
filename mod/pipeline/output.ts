/**
 * Table output: sends the packet to the port that the output register names, or, by its flag, to the group of its segment or to Open vSwitch's
 * learning switch.
 * Every packet that leaves by another port than it came in by leaves here, so that counting, mirroring and marking have one place.
 *
 * Split horizon: what came out of a tunnel goes to no tunnel, whatever a table before may have found, or a packet could circle among hosts
 * whose knowledge differs for a moment.
 * @module
 */
import { type Feature, hasTunnels } from "./feature.ts";
import { floodGroupId } from "./flood.ts";
import type { Flow } from "./flow.ts";
import type { PipelineHost, PipelineNetwork } from "./input.ts";
import { matchFlag, matchRegister, matchSource, wholeRegister } from "./registers.ts";
import { isVlan, matchSegment } from "./segment.ts";
import { missDrop, TABLES } from "./tables.ts";

const SPLIT_HORIZON = 200;
const FLOOD = 100;
const NO_SEGMENT = 50;
const table = TABLES.output;

export const output: Feature = {
  tables: ["output"],

  base: (host: PipelineHost): readonly Flow[] => [
    ...(hasTunnels(host)
      ? [{
        table,
        priority: SPLIT_HORIZON,
        match: [matchSource("tunnel"), matchRegister("outputPort", host.tunnelPort)],
        actions: [],
      }]
      : []),
    ...(host.forwarding === "bridge"
      ? [
        { ...missDrop("output"), priority: NO_SEGMENT, match: [matchFlag("flood")] },
        { table, priority: NO_SEGMENT, match: [matchFlag("normal")], actions: ["NORMAL"] },
      ]
      : []),
    { table, priority: 0, match: [], actions: [`output:${wholeRegister("outputPort")}`] },
  ],

  network: (network: PipelineNetwork, { forwarding }: PipelineHost): readonly Flow[] =>
    forwarding === "routing" || isVlan(network) ? [] : [{
      table,
      priority: FLOOD,
      match: [matchFlag("flood"), matchSegment(network)],
      actions: [`group:${floodGroupId(network)}`],
    }],
};
