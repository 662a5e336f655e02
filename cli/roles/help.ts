/**
 * The help text of a role, from its options.
 * @module
 */
import type { Option } from "./option.ts";

const WIDTH = 98;
const INDENT = 6;

export function helpText(
  role: string,
  summary: string,
  options: readonly Option[],
  environmentPrefixes: readonly string[],
): string {
  const [environmentPrefix = "", ...others] = environmentPrefixes;
  const rows = options.map((option) => {
    const names = [option.name, ...option.aliases ?? []].map((name) => `--${name}`).join(", ");
    const facts = [
      ...(option.default === undefined ? [] : [`Default: ${option.default || "none"}.`]),
      ...(option.environment ? [`Environment: ${environmentPrefix}${option.environment}.`] : []),
    ];
    const value = option.kind === "switch" ? "" : ` ${option.value ?? "VALUE"}`;
    return `  ${names}${value}\n${wrap([option.help, ...facts].join(" "))}`;
  });
  const also = others.length === 0 ? "" : "\n" + wrap(
    `Environment variables may begin with ${others.join(" or ")} as well, as the original's did; ` +
      "an option of the command line wins.",
    0,
  ) + "\n";
  return `Usage: contiv ${role} [options]\n\n${wrap(summary, 0)}\n\nOptions:\n${
    rows.join("\n")
  }\n` +
    `  --help, -h\n${wrap("Shows this.")}\n  --version, -v\n${wrap("Shows the version.")}\n${also}`;
}

function wrap(text: string, indent = INDENT): string {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? "";
    if (line && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines.map((line) => " ".repeat(indent) + line).join("\n");
}
