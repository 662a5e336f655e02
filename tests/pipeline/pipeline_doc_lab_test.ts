import { deepEqual, equal } from "node:assert/strict";
import { BRIDGE as BRIDGE_MODE, ROUTING } from "../../mod/pipeline/testing/cluster.ts";
import { smallExample } from "../../mod/pipeline/testing/example.ts";
import { TABLE_NAMES, type TableName, TABLES } from "../../mod/pipeline/tables.ts";
import type { PipelineHost } from "../../mod/pipeline/input.ts";
import { BRIDGE, PipelineLab } from "./pipeline_lab.ts";

const DOCUMENT = new URL("../../docs/pipeline.md", import.meta.url);
const HEADING = /^### (\d+) (\w+)\n/;
/** The first is routing mode's. The other is there where bridge mode differs. */
const BLOCK = /^```text\n[^]*?^```\n/m;
const BRIDGE_BLOCK = /^In bridge mode:\n\n```text\n[^]*?^```\n/m;

// CONTIV_UPDATE_DOCS=1 writes what the switch says into the document instead of comparing.
Deno.test("docs/pipeline.md shows every table as the switch has it, in either mode", async () => {
  const routing = await dumps(ROUTING);
  const bridge = await dumps(BRIDGE_MODE);
  const written = await Deno.readTextFile(DOCUMENT);

  const headings: string[] = [];
  const actual = written.split(/^(?=#{2,3} )/m).map((section) => {
    const [, number, name] = HEADING.exec(section) ?? [];
    const table = TABLE_NAMES.find((known) => known === name);
    if (table === undefined) return section;
    headings.push(`${number} ${table}`);
    return withDumps(section, routing[table], bridge[table]);
  }).join("");
  deepEqual(headings, TABLE_NAMES.map((name) => `${TABLES[name]} ${name}`));
  if (Deno.env.get("CONTIV_UPDATE_DOCS") === "1") await Deno.writeTextFile(DOCUMENT, actual);
  else equal(actual, written, "run this test with CONTIV_UPDATE_DOCS=1 and read what changed");
});

function withDumps(section: string, routing: string, bridge: string): string {
  const block = (dump: string) => "```text\n" + dump + "```\n";
  // Functions as replacements: a dump may contain "$".
  const first = section.replace(BLOCK, () => block(routing));
  const second = `In bridge mode:\n\n${block(bridge)}`;
  if (routing === bridge) return first.replace(BRIDGE_BLOCK, "");
  if (BRIDGE_BLOCK.test(first)) return first.replace(BRIDGE_BLOCK, () => second);
  return first.replace(BLOCK, (shown) => `${shown}\n${second}`);
}

/** Every table's dump in a switch of its own. */
async function dumps(host: PipelineHost): Promise<Record<TableName, string>> {
  const { flows, groups } = smallExample(host);
  await using lab = await PipelineLab.startSwitch(flows, groups);
  const entries: [TableName, string][] = [];
  for (const name of TABLE_NAMES) entries.push([name, await dump(lab, TABLES[name])]);
  return Object.fromEntries(entries) as Record<TableName, string>;
}

/** Highest priority first, then by text; without cookie, counters and the table's number, which the heading has. */
async function dump(lab: PipelineLab, table: number): Promise<string> {
  const text = await lab.ovs.ofctl("--no-stats", "dump-flows", BRIDGE, `table=${table}`);
  const priority = (line: string) => Number(/priority=(\d+)/.exec(line)?.[1]);
  return text.split("\n").filter((line) => line.includes("actions="))
    .map((line) => line.trim().replace(/^(cookie=0x0, ?)?(table=\d+, ?)?/, ""))
    .sort((a, b) => priority(b) - priority(a) || (a < b ? -1 : 1))
    .map((line) => `${line}\n`).join("");
}
