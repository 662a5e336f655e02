/**
 * `ctl host`: ls.
 * @module
 */
import { table } from "../output/table.ts";
import { type CommandSpec, JSON_OUTPUT, QUIET } from "./command.ts";
import { text } from "./listing.ts";

export const hostCommands: readonly CommandSpec[] = [
  {
    name: "ls",
    aliases: ["list"],
    description: "List the hosts, and whether their agents run",
    options: [QUIET, JSON_OUTPUT],
    async run(invocation) {
      const hosts = await (await invocation.master()).list("hosts");
      if (invocation.flag("json")) return invocation.printJson(hosts);
      if (invocation.flag("quiet")) {
        return invocation.print(hosts.map((host) => text(host, "name") + "\n").join(""));
      }
      const fields = ["name", "state", "downSince", "controlAddress", "vtepAddress", "endpoints"];
      const rows = hosts.map((host) => fields.map((field) => text(host, field)));
      const headings = [
        "Host",
        "State",
        "Down since",
        "Control address",
        "VTEP address",
        "Endpoints",
      ];
      invocation.print(table(headings, rows, {}));
    },
  },
];
