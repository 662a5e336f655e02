import { deepEqual, equal } from "node:assert/strict";
import { smallExampleFlows } from "../../mod/pipeline/testing/example.ts";
import { TABLE_NAMES, TABLES } from "../../mod/pipeline/tables.ts";
import { BRIDGE, PipelineLab } from "./pipeline_lab.ts";

const DOCUMENT = new URL("../../docs/pipeline.md", import.meta.url);
/** Under a heading `### <number> <table>`, the dump of that table. */
const SECTION = /^### (\d+) (\w+)\n[^]*?^```text\n([^]*?)^```$/gm;

// CONTIV_UPDATE_DOCS=1 writes what the switch says into the document instead of comparing.
Deno.test("docs/pipeline.md shows every table as the switch has it", async () => {
  await using lab = await PipelineLab.startSwitch(smallExampleFlows());
  const written = await Deno.readTextFile(DOCUMENT);
  const dumps = new Map<string, string>();
  for (const name of TABLE_NAMES) dumps.set(name, await dump(lab, TABLES[name]));

  const actual = written.replaceAll(SECTION, (section, _number, name, block) => {
    // A function as replacement: a dump may contain "$".
    return section.replace("```text\n" + block, () => "```text\n" + (dumps.get(name) ?? ""));
  });
  const sections = [...written.matchAll(SECTION)].map(([, number, name]) => `${number} ${name}`);
  deepEqual(sections, TABLE_NAMES.map((name) => `${TABLES[name]} ${name}`));
  if (Deno.env.get("CONTIV_UPDATE_DOCS") === "1") await Deno.writeTextFile(DOCUMENT, actual);
  else equal(actual, written, "run this test with CONTIV_UPDATE_DOCS=1 and read what changed");
});

/** Highest priority first, then by text; without cookie, counters and the table's number, which the heading has. */
async function dump(lab: PipelineLab, table: number): Promise<string> {
  const text = await lab.ovs.ofctl("--no-stats", "dump-flows", BRIDGE, `table=${table}`);
  const priority = (line: string) => Number(/priority=(\d+)/.exec(line)?.[1]);
  return text.split("\n").filter((line) => line.includes("actions="))
    .map((line) => line.trim().replace(/^(cookie=0x0, ?)?(table=\d+, ?)?/, ""))
    .sort((a, b) => priority(b) - priority(a) || (a < b ? -1 : 1))
    .map((line) => `${line}\n`).join("");
}
