/** A member that has lost the others, but not its clients: in a network namespace, so that a packet filter can do it. */
import { must } from "../../../tests/lab/command.ts";

Deno.test("etcd store serves nothing old from a member cut off from the others, and turns to those", async () => {
  const child = new URL("./testing/cut_off_child.ts", import.meta.url).pathname;
  const deno = [Deno.execPath(), "run", "--allow-all", child];
  console.log((await must(["unshare", "--net", "--", ...deno], { deadline: 120_000 })).trim());
});
