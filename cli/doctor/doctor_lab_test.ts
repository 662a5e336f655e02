import assert from "node:assert/strict";
import { join } from "node:path";
import type { Host } from "../../tests/lab/host.ts";
import { Lab } from "../../tests/lab/lab.ts";
import { Contiv } from "../../tests/system/contiv.ts";
import { ROOT } from "../../tests/run/files.ts";

const PROGRAM = `
  import { runDoctor } from ${JSON.stringify(join(ROOT, "cli/doctor/run.ts"))};
  Deno.exitCode = await runDoctor({ stdout: (text) => console.log(text) }, { json: true });
`;

interface Row {
  readonly what: string;
  readonly level: string;
  readonly finding: string;
}

async function examineHost(host: Host): Promise<{ code: number; rows: Map<string, Row> }> {
  const argv = [Deno.execPath(), "eval", "--quiet", PROGRAM];
  const { code, stdout, stderr } = await host.exec(argv, { cwd: ROOT });
  assert.ok(stdout, stderr);
  const rows: Row[] = JSON.parse(stdout);
  return { code, rows: new Map(rows.map((row) => [row.what, row])) };
}

Deno.test("doctor sees Open vSwitch, Docker, a taken port and an overlap on a real host", async () => {
  await using lab = await Lab.create({ name: "doctor" });
  const host = await lab.host("a");

  const bare = await examineHost(host);
  assert.equal(bare.code, 0, JSON.stringify([...bare.rows.values()]));
  assert.equal(bare.rows.get("ovs-vswitchd")?.level, "warn");
  assert.equal(bare.rows.get("Docker engine")?.level, "warn");

  await Promise.all([host.startOvs(), host.startDocker()]);
  await host.ip(["link add clash type bridge", "address add 172.19.7.1/24 dev clash"]);
  await host.must(["busybox", "httpd", "-p", "9999", "-h", "/run"]);
  const busy = await examineHost(host);
  assert.equal(busy.code, 1);
  assert.equal(busy.rows.get("ovs-vswitchd")?.level, "ok");
  assert.equal(busy.rows.get("Docker engine")?.level, "ok");
  assert.equal(busy.rows.get("port 9999")?.level, "fail");
  assert.match(busy.rows.get("Contiv agent")?.finding ?? "", /^does not run/);
  assert.match(busy.rows.get("private subnet")?.finding ?? "", /172\.19\.7\.1\/24 on clash/);
});

Deno.test("doctor sees Contiv run, and sees that it was killed", async () => {
  await using lab = await Lab.create({ name: "doctor" });
  const host = await lab.host("a");
  await host.startOvs();
  const contiv = await Contiv.start(host, { args: ["--docker-socket=none"] });

  const running = await examineHost(host);
  assert.equal(running.code, 0, JSON.stringify([...running.rows.values()]));
  assert.match(running.rows.get("Contiv agent")?.finding ?? "", /^runs, and/);
  assert.match(running.rows.get("Docker driver")?.finding ?? "", /: NetworkDriver, IpamDriver$/);
  assert.match(running.rows.get("port 9999")?.finding ?? "", /a running Contiv answers/);

  await contiv.stop("SIGKILL");
  const killed = await examineHost(host);
  assert.match(killed.rows.get("Contiv agent")?.finding ?? "", /Connection refused/);
  assert.match(killed.rows.get("Docker driver")?.finding ?? "", /Connection refused/);
});
