/**
 * Command line and environment into option values. Takes what either generation of the original took: `--flag value`, `--flag=value`,
 * `-flag value`, `-flag=value`. Whatever is not understood is refused by name, never ignored.
 * @module
 */
import { type Option, OptionError, type OptionValues } from "./option.ts";

export interface ParsedOptions {
  readonly values: OptionValues;
  readonly help: boolean;
  readonly version: boolean;
}

/** `environmentPrefixes`: e.g. `["CONTIV_NETPLUGIN_"]`; the first that has the variable counts. */
export function parseOptions(
  options: readonly Option[],
  argv: readonly string[],
  environment: (name: string) => string | undefined,
  environmentPrefixes: readonly string[],
): ParsedOptions {
  const byFlag = new Map(
    options.flatMap((option) =>
      [option.name, ...option.aliases ?? []].map((name) => [name, option] as const)
    ),
  );
  const given = new Map<string, string>();
  let help = false;
  let version = false;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    const { flag, inline } = splitFlag(word);
    if (flag === "help" || flag === "h") help = true;
    else if (flag === "version" || flag === "v") version = true;
    else {
      const option = byFlag.get(flag);
      if (!option) throw unknown(word, flag, [...byFlag.keys()]);
      if (given.has(option.name)) throw new OptionError(`--${option.name} is given twice`);
      given.set(
        option.name,
        option.kind === "switch" ? switchValue(word, inline) : inline ?? argv[++i] ?? missing(word),
      );
    }
  }
  return { values: complete(options, given, environment, environmentPrefixes), help, version };
}

/** The first of `names` that begins like a role's variable and is none: most likely mistyped, and never to be ignored. */
export function unknownVariables(
  options: readonly Option[],
  names: readonly string[],
  prefixes: readonly string[],
): string | undefined {
  return names.find((name) =>
    prefixes.some((prefix) =>
      name.startsWith(prefix) &&
      !options.some(({ environment }) => environment !== undefined && name === prefix + environment)
    )
  );
}

/** Said by the command line, else by the environment, else the default: for each option, or each group of alternatives. */
function complete(
  options: readonly Option[],
  given: ReadonlyMap<string, string>,
  environment: (name: string) => string | undefined,
  prefixes: readonly string[],
): OptionValues {
  const values = new Map<string, string>();
  for (const group of grouped(options)) {
    const said = choose(group, (option) => {
      const value = given.get(option.name);
      return value === undefined ? undefined : { value, by: `--${option.name}` };
    }) ?? choose(group, (option) => fromEnvironment(option, environment, prefixes));
    const chosen = said
      ? [said]
      : group.flatMap((option) =>
        option.default === undefined ? [] : [{ option, value: option.default }]
      );
    for (const { option, value } of chosen) values.set(option.name, value);
  }
  return values;
}

/** Alternatives together, every other option alone. */
function grouped(options: readonly Option[]): Iterable<readonly Option[]> {
  return Map.groupBy(options, ({ alternatives, name }) => alternatives ?? `--${name}`).values();
}

/** The one option of the group that the source knows. */
function choose(
  group: readonly Option[],
  find: (option: Option) => { readonly value: string; readonly by: string } | undefined,
): { readonly option: Option; readonly value: string } | undefined {
  const found = group.flatMap((option) => {
    const said = find(option);
    return said ? [{ option, ...said }] : [];
  });
  const [first, second] = found;
  if (second) {
    throw new OptionError(
      `ambiguous: ${first?.by} and ${second.by} are both given, and one store is used; leave one out`,
    );
  }
  return first;
}

function fromEnvironment(
  option: Option,
  environment: (name: string) => string | undefined,
  prefixes: readonly string[],
): { value: string; by: string } | undefined {
  const names = [
    ...option.environment === undefined
      ? []
      : prefixes.map((prefix) => prefix + option.environment),
    ...option.variables ?? [],
  ];
  for (const by of names) {
    const value = environment(by);
    if (value) return { value, by };
  }
  return undefined;
}

function splitFlag(word: string): { flag: string; inline?: string } {
  const match = /^--?([A-Za-z][A-Za-z0-9-]*)(?:=(.*))?$/s.exec(word);
  if (!match) {
    throw new OptionError(`Unexpected argument "${word}": options begin with --; see --help`);
  }
  const [, flag = "", inline] = match;
  return inline === undefined ? { flag } : { flag, inline };
}

function switchValue(word: string, inline: string | undefined): string {
  if (inline === undefined || inline === "true" || inline === "1") return "true";
  if (inline === "false" || inline === "0") return "false";
  throw new OptionError(`"${word}": a switch takes true or false`);
}

function missing(word: string): never {
  throw new OptionError(`"${word}" needs a value; see --help`);
}

function unknown(word: string, flag: string, known: readonly string[]): OptionError {
  const near = known.find((name) =>
    name.startsWith(flag) || flag.startsWith(name) || oneEditApart(name, flag)
  );
  return new OptionError(
    `Unknown option "${word.replace(/=.*$/s, "")}"${
      near ? `; did you mean --${near}?` : ""
    }; see --help`,
  );
}

/** Whether one insertion, deletion or replacement makes `a` into `b`. */
function oneEditApart(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return a.slice(i + 1) === b.slice(i + 1) || a.slice(i) === b.slice(i + 1) ||
    a.slice(i + 1) === b.slice(i);
}
