import assert from "node:assert/strict";
import { Command } from "commander";
import { normalizeArguments } from "./arguments.ts";

function program(): Command {
  const root = new Command("ctl").option("--netmaster <url>");
  root.command("network").alias("net").command("ls")
    .option("-t, --tenant <name>").option("-j, --json").option("--s6, --subnetv6 <cidr>");
  return root;
}

const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["a short option", ["net", "ls", "-t", "a"], ["net", "ls", "--tenant=a"]],
  ["a short option with =", ["net", "ls", "-t=a"], ["net", "ls", "--tenant=a"]],
  ["a long option with one dash", ["net", "ls", "-tenant", "a"], ["net", "ls", "--tenant=a"]],
  ["a short option with two dashes", ["net", "ls", "--t", "a"], ["net", "ls", "--tenant=a"]],
  ["a second long name", ["network", "ls", "--s6", "::/64"], ["network", "ls", "--subnetv6=::/64"]],
  ["a value that starts with a dash", ["net", "ls", "-t", "-x"], ["net", "ls", "--tenant=-x"]],
  ["an empty value", ["net", "ls", "--tenant="], ["net", "ls", "--tenant="]],
  ["a boolean set to true", ["net", "ls", "--json=true"], ["net", "ls", "--json"]],
  ["a boolean set to false", ["net", "ls", "-j=false", "x"], ["net", "ls", "x"]],
  ["a program option", ["-netmaster", "u", "net", "ls"], ["--netmaster=u", "net", "ls"]],
  ["a missing value", ["net", "ls", "-t"], ["net", "ls", "--tenant"]],
  ["an unknown option", ["net", "ls", "--nope", "x"], ["net", "ls", "--nope", "x"]],
  ["what follows --", ["net", "ls", "--", "-t", "x"], ["net", "ls", "--", "-t", "x"]],
];

for (const [what, given, expected] of cases) {
  Deno.test(`normalizeArguments takes ${what}`, () => {
    assert.deepEqual(normalizeArguments(program(), given), expected);
  });
}
