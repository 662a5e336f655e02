/**
 * Our rules in iptables, as data: what they are, and the iptables-restore input that leads from what iptables-save shows to them.
 * They stand in chains of our own with one jump each from a built-in chain, which is kept first: Docker sets FORWARD to drop.
 * @module
 */

export type Table = "nat" | "filter";

export interface OwnChain {
  readonly table: Table;
  readonly builtin: string;
  readonly name: string;
  /** The jump from the built-in chain, and the rules, as iptables-save prints them after the chain's name. */
  readonly jump: string;
  readonly rules: readonly string[];
}

/** What a kernel may lack (xt_comment, xt_conntrack) can be done without, or in the older way. */
export interface Dialect {
  readonly comment: boolean;
  readonly established: "conntrack" | "state";
}

/** The best first. None leaves out the check for established connections, since that would open the containers to everybody. */
export const DIALECTS: readonly Dialect[] = [
  { comment: true, established: "conntrack" },
  { comment: true, established: "state" },
  { comment: false, established: "conntrack" },
  { comment: false, established: "state" },
];

const CHAINS = [
  { table: "nat", builtin: "POSTROUTING", name: "CONTIV-POSTROUTING" },
  { table: "filter", builtin: "FORWARD", name: "CONTIV-FORWARD" },
] as const;

/**
 * Chains for containers that reach the host by `link`.
 * @param prefixes of one family, canonical (`172.19.0.0/16`)
 */
export function ownChains(link: string, prefixes: readonly string[], dialect: Dialect): OwnChain[] {
  const comment = dialect.comment ? " -m comment --comment contiv" : "";
  const established = dialect.established === "conntrack"
    ? "-m conntrack --ctstate RELATED,ESTABLISHED"
    : "-m state --state RELATED,ESTABLISHED";
  const rules: Record<Table, string[]> = {
    nat: prefixes.map((prefix) => `-s ${prefix} ! -o ${link}${comment} -j MASQUERADE`),
    filter: [`-i ${link}${comment} -j ACCEPT`, `-o ${link} ${established}${comment} -j ACCEPT`],
  };
  return CHAINS.map((chain) => ({
    ...chain,
    jump: `${comment} -j ${chain.name}`.trimStart(),
    rules: rules[chain.table],
  }));
}

/** Rules by chain, in order and without the chain's name; a chain without rules has an empty list. */
export type SavedTable = ReadonlyMap<string, readonly string[]>;
export type SavedTables = ReadonlyMap<string, SavedTable>;

/** Reads iptables-save's output. Lines that are neither a table, a chain nor a rule (comments, COMMIT) are passed over. */
export function parseSave(text: string): SavedTables {
  const tables = new Map<string, Map<string, string[]>>();
  let table = new Map<string, string[]>();
  for (const line of text.split("\n").map((it) => it.trim())) {
    if (line.startsWith("*")) tables.set(line.slice(1), table = new Map());
    else if (line.startsWith(":")) table.set(line.slice(1).split(" ", 1)[0] ?? "", []);
    else if (line.startsWith("-A ")) {
      const [, chain = "", rule = ""] = /^-A (\S+) ?(.*)$/.exec(line) ?? [];
      const rules = table.get(chain);
      if (rules) rules.push(rule);
      else table.set(chain, [rule]);
    }
  }
  return tables;
}

/** Input for `iptables-restore --noflush`; empty when all is as it should be. */
export function planChains(saved: SavedTables, wanted: readonly OwnChain[]): string {
  return wanted.map((chain) => {
    const table = saved.get(chain.table);
    const lines = [...planRules(table?.get(chain.name), chain), ...planJump(table, chain)];
    return inTable(chain.table, lines);
  }).join("");
}

/** Input that takes our jumps and chains away, whichever dialect made them; empty when there are none. */
export function planRemoval(saved: SavedTables): string {
  return CHAINS.map((chain) => {
    const table = saved.get(chain.table);
    const jumps = jumpsIn(table, chain).map((rule) => `-D ${chain.builtin} ${rule}`);
    const own = table?.has(chain.name) ? [`-F ${chain.name}`, `-X ${chain.name}`] : [];
    return inTable(chain.table, [...jumps, ...own]);
  }).join("");
}

/** Under --noflush a line `:CHAIN` makes the chain, or empties the one that is there. */
function planRules(current: readonly string[] | undefined, { name, rules }: OwnChain): string[] {
  const same = current?.length === rules.length && rules.every((rule, at) => rule === current[at]);
  return same ? [] : [`:${name} - [0:0]`, ...rules.map((rule) => `-A ${name} ${rule}`)];
}

function planJump(table: SavedTable | undefined, chain: OwnChain): string[] {
  const jumps = jumpsIn(table, chain);
  const isFirst = table?.get(chain.builtin)?.[0] === chain.jump;
  if (isFirst && jumps.length === 1) return [];
  return [
    ...jumps.map((rule) => `-D ${chain.builtin} ${rule}`),
    `-I ${chain.builtin} 1 ${chain.jump}`,
  ];
}

function jumpsIn(
  table: SavedTable | undefined,
  { builtin, name }: Pick<OwnChain, "builtin" | "name">,
): string[] {
  return (table?.get(builtin) ?? []).filter((rule) => ` ${rule} `.includes(` -j ${name} `));
}

function inTable(table: Table, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [`*${table}`, ...lines, "COMMIT", ""].join("\n");
}
