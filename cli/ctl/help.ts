/**
 * Help in the form of the original's: NAME, USAGE, COMMANDS, OPTIONS.
 * @module
 */
import type { Command, Option } from "commander";

export function formatHelp(command: Command): string {
  const sections = [
    section("NAME", [`${path(command)} - ${command.description()}`]),
    section("USAGE", [usage(command)]),
  ];
  if (command.commands.length > 0) {
    const commands = command.commands.map((child): [string, string] => [
      [child.name(), ...child.aliases()].join(", "),
      child.description(),
    ]);
    sections.push(section("COMMANDS", columns(commands)));
  }
  const options = command.options.filter((option) => !option.hidden);
  if (options.length > 0) {
    const title = command.parent ? "OPTIONS" : "GLOBAL OPTIONS";
    sections.push(
      section(title, columns(options.map((option) => [flags(option), explain(option)]))),
    );
  }
  return sections.join("\n");
}

function section(title: string, lines: readonly string[]): string {
  return `${title}:\n${lines.map((line) => `   ${line}\n`).join("")}`;
}

function path(command: Command): string {
  return command.parent ? `${path(command.parent)} ${command.name()}` : command.name();
}

function usage(command: Command): string {
  const words = [path(command)];
  if (!command.parent) words.push("[global options]");
  if (command.commands.length > 0) words.push("command [command options] [arguments...]");
  else if (command.options.some((option) => !option.hidden)) words.push("[command options]");
  return [...words, ...command.registeredArguments.map((argument) => `[${argument.name()}]`)].join(
    " ",
  );
}

/** `--subnet, -s <cidr>`: the canonical name first. */
function flags(option: Option): string {
  const value = /<[^>]*>/.exec(option.flags)?.[0];
  const names = [option.long, option.short].filter((name) => name !== undefined).join(", ");
  return value ? `${names} ${value}` : names;
}

function explain(option: Option): string {
  const shown = typeof option.defaultValue === "string"
    ? ` (default "${option.defaultValue}")`
    : "";
  return option.description + shown;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `${first.padEnd(width)}  ${second}`);
}
