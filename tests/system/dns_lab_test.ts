import assert from "node:assert/strict";
import { join } from "node:path";
import { IMAGE } from "../lab/image.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";

const UPSTREAM = new URL("./dns_upstream.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const GATEWAY = "10.1.2.254";
const HOST_ACCESS = "172.19.255.254";

Deno.test("containers find each other by name across hosts, and the world by the host's resolvers", async (t) => {
  await using lab = await Lab.create({ name: "dns" });
  const a = await lab.host("a");
  const b = await lab.host("b");
  const outside = lab.outside();
  outside.spawn([
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    `--config=${CONFIG}`,
    UPSTREAM,
    outside.address,
  ]);
  const store = `--store=embedded://${join(lab.directory, "store.db")}`;
  const names = `--dns-server=${outside.address}`;
  const contiv = await Contiv.start(a, { args: [store, names] });
  const other = await Contiv.start(b, {
    role: "plugin",
    args: [store, names, "--plugin-socket=none"],
  });
  await a.startDocker({ liveRestore: true });
  const docker = (...argv: string[]) => a.must(["/usr/bin/docker", ...argv], { deadline: 60_000 });
  const run = (name: string, ...argv: string[]) =>
    docker("run", "-d", "--init", "--name", name, ...argv, IMAGE, "sleep", "100000");
  const addressOf = async (name: string) =>
    (await docker(
      "inspect",
      "-f",
      "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
      name,
    )).trim();
  /** What busybox's nslookup says in a container, asking its own resolver or the one given. */
  const lookup = async (container: string, name: string, ...server: string[]) =>
    (await a.exec(["/usr/bin/docker", "exec", container, "nslookup", name, ...server])).stdout;
  const finds = async (container: string, name: string, address: string, ...server: string[]) =>
    void await waitFor(
      `${container} to find ${name} at ${address}`,
      async () => (await lookup(container, name, ...server)).includes(address),
      10_000,
    );

  await contiv.ctl("network", "create", "--subnet=10.1.2.0/24", `--gateway=${GATEWAY}`, "net");
  await contiv.ctl("group", "create", "net", "front");
  await contiv.ctl("tenant", "create", "blue");
  await contiv.ctl(
    "network",
    "create",
    "-t",
    "blue",
    "--subnet=10.1.2.0/24",
    `--gateway=${GATEWAY}`,
    "net",
  );
  await waitFor("Docker's networks", async () => {
    const found = (await docker("network", "ls", "--format", "{{.Name}}")).split("\n");
    return ["net", "front", "net/blue"].every((name) => found.includes(name));
  });
  await run("web", "--net=net", "--dns", GATEWAY);
  await run("one", "--net=front", "--dns", GATEWAY);
  await run("two", "--net=front", "--dns", GATEWAY);
  await run("secret", "--net=net/blue", "--dns", GATEWAY);
  await Namespace.create(b, "far");
  const address = "10.1.2.77";
  await other.ctl("endpoint", "attach", "--netns=far", "--network=net", `--ip=${address}`);

  await t.step(
    "by the resolver of Docker, which passes on what it does not know",
    () => finds("web", "far", address),
  );
  await t.step("by asking the gateway itself", () => finds("web", "far", address, GATEWAY));
  await t.step("by asking contivh0", () => finds("web", "far", address, HOST_ACCESS));
  await t.step("under the network's name", () => finds("web", "far.net", address));
  await t.step("a group's name stands for all its containers", async () => {
    await finds("web", "front", await addressOf("one"));
    await finds("web", "front", await addressOf("two"));
  });
  await t.step(
    "a container's name is known to the name server too",
    async () => finds("web", "one", await addressOf("one"), GATEWAY),
  );
  await t.step("another tenant's name is not", async () => {
    await finds("secret", "secret", await addressOf("secret"), GATEWAY);
    assert.doesNotMatch(
      await lookup("web", "secret", GATEWAY),
      new RegExp(await addressOf("secret") + "$", "m"),
    );
  });
  await t.step(
    "names of the outside come from the host's resolvers",
    () => finds("web", "www.example", "192.0.2.53"),
  );
  await t.step("containers of Docker's own bridge get these, and no container's name", async () => {
    await run("stranger", "--net=bridge", "--dns", HOST_ACCESS);
    await finds("stranger", "www.example", "192.0.2.53");
    assert.doesNotMatch(await lookup("stranger", "far"), new RegExp(address));
  });
  await t.step("after SIGKILL names are answered again", async () => {
    await contiv.restart("SIGKILL");
    await finds("web", "far", address, GATEWAY);
  });
  await t.step("a name is gone with its container", async () => {
    await other.ctl("endpoint", "detach", "far");
    await waitFor(
      "the name to go",
      async () => !(await lookup("web", "far", GATEWAY)).includes(address),
    );
  });
});
