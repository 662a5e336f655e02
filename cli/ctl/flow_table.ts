/**
 * An endpoint's flows as a table: what each table of the pipeline does with its packets, in the order in which they visit them.
 * @module
 */
import { TABLE_NAMES, TABLES } from "../../mod/pipeline/tables.ts";
import { table } from "../output/table.ts";

interface ShownFlow {
  readonly table: number;
  readonly priority: number;
  readonly match: string;
  readonly actions: string;
}

/** `text`: one flow a line, as `ovs-ofctl add-flows` reads it. */
export function flowTable(text: string): string {
  const flows = text.split("\n").flatMap(parse).sort((a, b) =>
    a.table - b.table || b.priority - a.priority
  );
  const rows = flows.map(({ table, priority, match, actions }) => [
    tableName(table),
    String(priority),
    match || "any",
    withNames(actions),
  ]);
  return table(["Table", "Priority", "Match", "Actions"], rows);
}

function parse(line: string): ShownFlow[] {
  const [, number, priority, match = "", actions = ""] =
    /^table=(\d+),priority=(\d+)(?:,(\S+))? actions=(.*)$/.exec(line) ?? [];
  return number === undefined
    ? []
    : [{ table: Number(number), priority: Number(priority), match, actions }];
}

/** `110 l3_forward`: the number is what `ovs-ofctl dump-flows` shows. */
function tableName(number: number): string {
  const name = TABLE_NAMES.find((candidate) => TABLES[candidate] === number);
  return name ? `${number} ${name}` : String(number);
}

function withNames(actions: string): string {
  return actions.replace(/goto_table:(\d+)/g, (_, number: string) => {
    const name = TABLE_NAMES.find((candidate) => TABLES[candidate] === Number(number));
    return `goto_table:${name ?? number}`;
  });
}
