/**
 * Subcommand → role. `contiv NAME …`; the names of the original's programs are accepted as subcommands, so that a symbolic link of
 * that name (see bin/contiv) does what it did.
 * @module
 */
import { VERSION, versionText } from "./version.ts";
import { write } from "./output/write.ts";

/** Runs the role to its end and returns the exit status. */
type Role = (argv: string[]) => Promise<number>;

const ROLES: Readonly<Record<string, { summary: string; load: () => Promise<Role> }>> = {
  up: {
    summary: "master and plugin in one process, on an embedded store: start here",
    load: async () => (await import("./roles/up.ts")).up,
  },
  master: {
    summary: "the API and its controllers",
    load: async () => (await import("./roles/master.ts")).master,
  },
  plugin: {
    summary: "the agent of a host: Docker driver, Open vSwitch",
    load: async () => (await import("./roles/plugin.ts")).plugin,
  },
  ctl: {
    summary: "the command line: tenants, networks, groups, endpoints",
    load: async () => (await import("./roles/ctl.ts")).ctl,
  },
  doctor: {
    summary: "checks this host and says what mends it",
    load: async () => (await import("./roles/doctor.ts")).doctor,
  },
};

const ORIGINAL_NAMES: Readonly<Record<string, string>> = {
  netctl: "ctl",
  netmaster: "master",
  netplugin: "plugin",
};

export async function run(argv: readonly string[]): Promise<number> {
  const [name = "help", ...rest] = argv;
  const role = ROLES[ORIGINAL_NAMES[name] ?? name];
  if (role) return await (await role.load())(rest);
  if (name === "version" || name === "--version" || name === "-v") {
    write(Deno.stdout, versionText(VERSION));
    return 0;
  }
  if (name === "help" || name === "--help" || name === "-h") {
    write(Deno.stdout, usage());
    return 0;
  }
  write(Deno.stderr, `Unknown command "${name}"\n\n${usage()}`);
  return 1;
}

function usage(): string {
  const width = Math.max(...Object.keys(ROLES).map((name) => name.length), "version".length);
  const rows = Object.entries(ROLES).map(([name, { summary }]) =>
    `  ${name.padEnd(width)}  ${summary}\n`
  );
  return "Usage: contiv COMMAND [options]\n\nNetworking with policy for containers.\n\nCommands:\n" +
    rows.join("") +
    `  ${"version".padEnd(width)}  what this is\n\n` +
    "`contiv COMMAND --help` explains each.\n";
}
