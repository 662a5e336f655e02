/**
 * `ctl tenant`: create, rm, ls, inspect.
 * @module
 */
import { table } from "../output/table.ts";
import { type CommandSpec, JSON_OUTPUT, QUIET } from "./command.ts";
import { text } from "./listing.ts";

const missing = "Tenant name required";

export const tenantCommands: readonly CommandSpec[] = [
  {
    name: "create",
    description: "Create a tenant",
    arguments: ["tenant"],
    missing,
    async run(invocation) {
      const tenantName = invocation.argument(0);
      const master = await invocation.master();
      await master.put("tenants", tenantName, { tenantName, "link-sets": {} });
      invocation.print(`Creating tenant: ${tenantName}\n`);
    },
  },
  {
    name: "rm",
    aliases: ["delete"],
    description: "Delete a tenant; it must be empty",
    arguments: ["tenant"],
    missing,
    async run(invocation) {
      const tenantName = invocation.argument(0);
      const master = await invocation.master();
      invocation.print(`Deleting tenant ${tenantName}\n`);
      await master.remove("tenants", tenantName);
    },
  },
  {
    name: "ls",
    aliases: ["list"],
    description: "List tenants",
    options: [QUIET, JSON_OUTPUT],
    async run(invocation) {
      const tenants = await (await invocation.master()).list("tenants");
      if (invocation.flag("json")) return invocation.printJson(tenants);
      const names = tenants.map((tenant) => text(tenant, "tenantName"));
      if (invocation.flag("quiet")) {
        return invocation.print(names.map((name) => name + "\n").join(""));
      }
      // The original's dashes are six for every heading of up to six letters.
      const rows = names.map((name) => [name]);
      invocation.print(table(["Name"], rows, { dashes: [6], terminated: true }));
    },
  },
  {
    name: "inspect",
    description: "Show a tenant and its state as JSON",
    arguments: ["tenant"],
    missing,
    async run(invocation) {
      const master = await invocation.master();
      invocation.printJson(await master.inspect("tenants", invocation.argument(0)));
    },
  },
];
