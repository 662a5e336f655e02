import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** The README's commands of "Then in earnest", as typed, without `sudo` and remarks. */
function commands(): string[] {
  const [, section = ""] = Deno.readTextFileSync(`${ROOT}README.md`).split("Then in earnest:");
  const [own = ""] = section.split("\n## ");
  const lines = own.split("\n").filter((line) => line.startsWith("    "));
  const bare = lines.map((line) => line.replace(/#.*/, "").trim().replace(/^sudo /, ""));
  return bare.filter((line) => /^(bin\/contiv|docker) /.test(line));
}

Deno.test("the README's commands do what it says when typed in order", async () => {
  await using lab = await Lab.create({ name: "readme" });
  const host = await lab.host("a");
  await host.startDocker();
  await host.must(["docker", "tag", "busybox:lab", "busybox"]);
  const env = { PATH: Deno.env.get("PATH") ?? "", HOME: "/root" };
  const shown: string[] = [];
  for (const command of commands()) {
    // A test has no terminal, and the container needs something to do.
    const words = command.replace(" -it", "").split(" ").map((word) =>
      word.replace(/^bin\//, `${ROOT}bin/`)
    );
    if (command.endsWith("contiv up")) {
      host.spawn(words, { env, output: { file: `${host.directory}/up.log` } });
      await waitFor(
        "the API",
        async () =>
          (await host.exec([`${ROOT}bin/contiv`, "ctl", "tenant", "ls"], { env })).code === 0,
        20_000,
      );
      continue;
    }
    if (words[0] === "docker") {
      await waitFor(
        "Docker's network",
        async () => (await host.exec(["docker", "network", "inspect", "web"])).code === 0,
      );
      words.push("ip", "address");
    }
    shown.push(await host.must(words, { env }));
  }
  assert.match(shown.at(-1) ?? "", /inet 10\.1\.0\.2\/16/);
});
