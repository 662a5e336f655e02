/**
 * What somebody changes by hand on the host's links is mended, by the kernel's events, long before the next full comparison.
 * @module
 */
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";

Deno.test("contiv mends links set down and addresses removed by hand at once", async (t) => {
  await using lab = await Lab.create({ name: "mend" });
  const host = await lab.host("a");
  const contiv = await Contiv.start(host);
  const show = (what: string, link: string) => host.must(["ip", what, "show", "dev", link]);
  await contiv.ctl("network", "create", "--subnet=10.1.0.0/16", "--gateway=10.1.255.254", "net");
  const web = await Namespace.create(host, "web");
  await contiv.ctl("endpoint", "attach", "--netns=web", "--network=net");
  await web.mustReach(host.address);

  await t.step("an endpoint's link", async () => {
    await host.must(["ip", "link", "set", "vvport1", "down"]);
    await waitFor("vvport1 to be up", async () => / state UP/.test(await show("link", "vvport1")));
    await web.mustReach(host.address);
  });
  await t.step("the host's link", async () => {
    await host.must(["ip", "link", "set", "contivh0", "down"]);
    await waitFor(
      "contivh0 to be up",
      async () => /[<,]UP[,>]/.test(await show("link", "contivh0")),
    );
    await web.mustReach(host.address);
  });
  await t.step("an address of the host's link", async () => {
    await host.must(["ip", "addr", "del", "172.19.255.254/16", "dev", "contivh0"]);
    await waitFor(
      "the address to be back",
      async () => (await show("addr", "contivh0")).includes("172.19.255.254/16"),
    );
    await web.mustReach(host.address);
  });
});
