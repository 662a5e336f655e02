/** What `endpoint attach` is told is no namespace of a container: refused in one sentence, and nothing is made. */
import assert from "node:assert/strict";
import { Lab } from "../lab/lab.ts";
import { Contiv } from "./contiv.ts";

const HOSTILE: readonly (readonly [netns: string, refusal: RegExp])[] = [
  ["../../etc/passwd", /neither the name of a network namespace nor an absolute path/],
  ["/etc/passwd", /not a network namespace: an ordinary file/],
  ["/proc/1/ns/mnt", /a namespace of another kind/],
  ["/run/netns/../../proc/1/ns/pid", /a namespace of another kind/],
  ["/proc/self/ns/net", /the host's own network namespace/],
  ["/dev/zero", /not a regular file/],
  ["/dev/stdin", /is not a network namespace|does not exist/],
  ["/tmp", /not a regular file/],
  [".", /not a regular file/],
  ["$(reboot)", /does not exist/],
  ["-rf", /does not exist/],
  ["no such", /does not exist/],
  ["a\nb", /cannot be printed/],
  [`/${"x".repeat(1100)}`, /netns: /],
];

Deno.test("endpoint attach refuses what is no namespace of a container, and makes nothing", async () => {
  await using lab = await Lab.create({ name: "hostile" });
  const host = await lab.host("a");
  await host.startOvs();
  const contiv = await Contiv.start(host, { args: ["--docker-socket=none"] });
  await contiv.ctl("network", "create", "-s", "10.1.0.0/16", "net1");
  const links = await host.must(["ip", "-br", "link"]);
  for (const [netns, refusal] of HOSTILE) {
    const argv = ["endpoint", "attach", "--netns", netns, "--network", "net1", "--name", "e1"];
    const { code, stderr } = await contiv.run(argv);
    assert.equal(code, 3, `${netns}: ${stderr}`);
    assert.match(stderr, refusal, netns);
  }
  assert.equal(await contiv.ctl("endpoint", "ls", "-a", "-q"), "");
  assert.equal(await host.must(["ip", "-br", "link"]), links);
  assert.equal(
    (await host.exec(["ovs-vsctl", "list-ports", "contiv0"])).stdout.includes("vport"),
    false,
  );
});
