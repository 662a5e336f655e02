/**
 * Go's flag syntax, which netctl's users and scripts write: `-subnet x`, `--t x`, `-t=x` and `--json=false` mean what they meant there.
 * @module
 */
import type { Command, Option } from "commander";

/** Rewrites the options that it recognises to the form that commander takes; leaves everything else as it is. */
export function normalizeArguments(program: Command, argv: readonly string[]): string[] {
  const result: string[] = [];
  const rest = [...argv];
  let command = program;
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === "--") return [...result, argument, ...rest];
    const [, name = "", value] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    const option = command.options.find((candidate) => isNamed(candidate, name));
    if (option?.long) {
      result.push(...optionArguments(option, option.long, value, () => rest.shift()));
      continue;
    }
    result.push(argument);
    if (!argument.startsWith("-")) command = subcommand(command, argument) ?? command;
  }
  return result;
}

function isNamed(option: Option, name: string): boolean {
  return [`-${name}`, `--${name}`].some((flag) => flag === option.short || flag === option.long);
}

function subcommand(command: Command, name: string): Command | undefined {
  return command.commands.find((candidate) =>
    candidate.name() === name || candidate.aliases().includes(name)
  );
}

function optionArguments(
  option: Option,
  long: string,
  value: string | undefined,
  next: () => string | undefined,
): string[] {
  if (option.required) {
    const given = value ?? next();
    return given === undefined ? [long] : [`${long}=${given}`];
  }
  if (value === undefined || /^(1|t|true)$/i.test(value)) return [long];
  return /^(0|f|false)$/i.test(value) ? [] : [`${long}=${value}`];
}
