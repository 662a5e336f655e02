/**
 * Table output: sends the packet to the port that the output register names. Every packet that leaves by another port than it came in by
 * leaves here, so that counting, mirroring and marking have one place.
 * @module
 */
import type { Feature } from "./feature.ts";
import type { Flow } from "./flow.ts";
import { wholeRegister } from "./registers.ts";
import { TABLES } from "./tables.ts";

export const output: Feature = {
  tables: ["output"],

  base: (): readonly Flow[] => [{
    table: TABLES.output,
    priority: 0,
    match: [],
    actions: [`output:${wholeRegister("outputPort")}`],
  }],
};
