import assert from "node:assert/strict";
import { OptionError } from "./option.ts";
import { PLUGIN_OPTIONS } from "./options.ts";
import { parseOptions, unknownVariables } from "./parse_options.ts";

const environment = (variables: Record<string, string>) => (name: string) => variables[name];
const parse = (argv: string[], variables: Record<string, string> = {}) =>
  parseOptions(PLUGIN_OPTIONS, argv, environment(variables), ["CONTIV_NETPLUGIN_"]);

const accepted: [string, string[], Record<string, string>, string, string | undefined][] = [
  ["a flag and a value", ["--host", "a"], {}, "host", "a"],
  ["a flag with =", ["--host=a"], {}, "host", "a"],
  ["an older name", ["--host-label", "a"], {}, "host", "a"],
  [
    "one dash, as releases before 1.2 took it",
    ["-cluster-store", "embedded:///x"],
    {},
    "store",
    "embedded:///x",
  ],
  ["one dash with =", ["-vtep-ip=10.0.0.1"], {}, "vtep-ip", "10.0.0.1"],
  ["the environment", [], { CONTIV_NETPLUGIN_HOST: "b" }, "host", "b"],
  ["the flag over the environment", ["--host=a"], { CONTIV_NETPLUGIN_HOST: "b" }, "host", "a"],
  [
    "the default when the variable is empty",
    [],
    { CONTIV_NETPLUGIN_LOG_LEVEL: "" },
    "log-level",
    "INFO",
  ],
  ["a switch", ["--use-json-log"], {}, "use-json-log", "true"],
  ["a switch turned off", ["--use-json-log=false"], {}, "use-json-log", "false"],
  ["an empty value", ["--host="], {}, "host", ""],
  ["nothing", [], {}, "host", undefined],
];
for (const [what, argv, variables, name, expected] of accepted) {
  Deno.test(`parseOptions takes ${what}`, () => {
    assert.equal(parse(argv, variables).values.get(name), expected);
  });
}

const refused: [string, string[], RegExp][] = [
  ["an unknown option by name", ["--hots", "a"], /Unknown option "--hots".*--help/],
  ["an unknown option with a suggestion", ["--vtep-i=1"], /did you mean --vtep-ip/],
  ["a missing value", ["--host"], /"--host" needs a value/],
  ["a stray argument", ["host"], /Unexpected argument "host"/],
  ["a value for a switch", ["--use-json-log=maybe"], /takes true or false/],
  [
    "an option given twice under two names",
    ["--host=a", "--host-label=b"],
    /--host is given twice/,
  ],
];
for (const [what, argv, message] of refused) {
  Deno.test(`parseOptions refuses ${what}`, () => {
    assert.throws(
      () => parse(argv),
      (error: Error) => error instanceof OptionError && message.test(error.message),
    );
  });
}

Deno.test("parseOptions sees help and version among other options", () => {
  assert.equal(parse(["--host=a", "-h"]).help, true);
  assert.equal(parse(["-version"]).version, true);
});

Deno.test("unknownVariables names a mistyped variable, and no other program's", () => {
  const options = [{ name: "store", environment: "STORE", kind: "text", help: "" }] as const;
  const prefixes = ["CONTIV_UP_", "CONTIV_NETPLUGIN_"];
  const find = (...names: string[]) => unknownVariables(options, names, prefixes);
  assert.equal(
    find("PATH", "CONTIV_UP_STORE", "CONTIV_NETPLUGIN_STORE", "CONTIV_AGENT"),
    undefined,
  );
  assert.equal(find("CONTIV_UP_STORE", "CONTIV_NETPLUGIN_STOER"), "CONTIV_NETPLUGIN_STOER");
});
