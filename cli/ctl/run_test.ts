import assert from "node:assert/strict";
import { runCtl } from "./run.ts";

interface Outcome {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function ctl(
  argv: string[],
  env: Record<string, string> = {},
  files: Record<string, string> = {},
): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  const exit = await runCtl(argv, {
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env,
    isTerminal: true,
    readTextFile: (path) => {
      const text = files[path];
      return text === undefined
        ? Promise.reject(new Deno.errors.NotFound(path))
        : Promise.resolve(text);
    },
  });
  return { exit, stdout, stderr };
}

const GROUP_CREATE_HELP = `NAME:
   contiv ctl group create - Create an endpoint group, or give an existing one a new complete list of policies

USAGE:
   contiv ctl group create [command options] [network] [group]

OPTIONS:
   --tenant, -t <name>             Tenant that the object belongs to (default "default")
   --policy, -p <name>             Policy of the group; may be repeated
   --networkprofile, -n <name>     Bandwidth and DSCP of its endpoints
   --external-contract, -e <name>  External contracts group (ACI); may be repeated
   --ip-pool, -r <first-last>      Addresses kept for this group, example 10.36.0.1-10.36.0.10
   --epg-tag, --tag <name>         Name of the group in Docker
   --netmaster <url>               Master to talk to (env NETMASTER, default http://127.0.0.1:9999)
   --insecure                      Accept any TLS certificate of the master (env INSECURE)
`;

Deno.test("ctl prints a command's help and exits 0 when asked for it", async () => {
  for (const argv of [["group", "create", "--help"], ["group", "create", "-h"]]) {
    assert.deepEqual(await ctl(argv), { exit: 0, stdout: GROUP_CREATE_HELP, stderr: "" });
  }
});

Deno.test("ctl prints help and the error and exits 1 when an argument is missing", async () => {
  assert.deepEqual(await ctl(["group", "create", "net1"]), {
    exit: 1,
    stdout: GROUP_CREATE_HELP,
    stderr: "ERRO[0000] Network and group name required\n",
  });
});

Deno.test("ctl lists its commands and exits 1 when none is given", async () => {
  const { exit, stdout, stderr } = await ctl([]);
  assert.equal(exit, 1);
  assert.equal(stderr, "");
  const listed = [...stdout.matchAll(/^ {3}([a-z]+)(?:, [a-z]+)? {2,}/gm)].map((match) => match[1]);
  assert.deepEqual(listed, ["endpoint", "global", "group", "host", "network", "tenant", "version"]);
});

const usageErrors: readonly (readonly [string[], string])[] = [
  [["tenant", "create"], "Tenant name required"],
  [["tenant", "create", ""], "Tenant name required"],
  [["network", "create"], "Network name required"],
  [["network", "rm", "a", "b"], "More arguments than required"],
  [["tenant", "ls", "x"], "More arguments than required"],
  [["net", "create", "n"], "Subnet is required"],
  [
    ["net", "create", "-s", "1.0.0.0/8", "-g", "x", "n"],
    "Invalid gateway - Enter in A.B.C.D format",
  ],
  [["net", "create", "-s", "1.0.0.0/8", "--g6", "x", "n"], "Invalid IPv6 gateway"],
  [
    ["net", "create", "-s", "1.0.0.0/8", "-p", "ten", "n"],
    'invalid value "ten" for --pkt-tag: want a whole number',
  ],
  [["endpoint", "inspect"], "Endpoint name required"],
  [["endpoint", "detach"], "Endpoint name required"],
  [["endpoint", "attach", "--network", "n"], "--netns is required: a name of `ip netns` or a path"],
  [["endpoint", "attach", "--netns", "n"], "Network name required (--network)"],
  [["nett"], "unknown command 'nett'\n(Did you mean net?)"],
  [["net", "crate"], "unknown command 'crate'\n(Did you mean create?)"],
  [["net", "ls", "--tenan", "x"], "unknown option '--tenan'\n(Did you mean --tenant?)"],
];

for (const [argv, text] of usageErrors) {
  Deno.test(`ctl exits 1 when called as "${argv.join(" ")}"`, async () => {
    const { exit, stderr } = await ctl(argv);
    assert.deepEqual({ exit, stderr }, { exit: 1, stderr: `ERRO[0000] ${text}\n` });
  });
}

const CONFIG = { HOME: "/root", file: "/root/.netctl/config.json" };

Deno.test("ctl names the address and what to do when no master answers", async () => {
  const url = "unix:///nonexistent/master.sock";
  for (const [command, expected] of [[["net", "ls"], 3], [["version"], 2]] as const) {
    const { exit, stderr } = await ctl([...command], { NETMASTER: url });
    assert.equal(exit, expected);
    assert.match(
      stderr,
      /^ERRO\[0000\] cannot reach unix:\/\/\/nonexistent\/master.sock: No such file or directory\n/,
    );
    assert.match(stderr, /contiv up.*--netmaster.*NETMASTER/);
  }
});

Deno.test("ctl takes --netmaster before and after the command when both are possible", async () => {
  for (
    const argv of [["--netmaster", "ftp://x", "net", "ls"], ["net", "ls", "--netmaster=ftp://x"]]
  ) {
    const { exit, stderr } = await ctl(argv, { NETMASTER: "http://ignored" });
    assert.equal(exit, 3);
    assert.match(stderr, /"ftp:\/\/x" is not the address of a master/);
  }
});

Deno.test("ctl refuses to send a token when the master is not https", async () => {
  const files = { [CONFIG.file]: '{"token":"s3cret"}' };
  const { exit, stderr } = await ctl(["net", "ls"], { HOME: CONFIG.HOME }, files);
  assert.equal(exit, 3);
  assert.match(
    stderr,
    /setting auth token requires a https auth_proxy URL\nRemove \/root\/.netctl/,
  );
  assert(!stderr.includes("s3cret"));
});

Deno.test("ctl exits 4 without repeating its content when the token file is damaged", async () => {
  for (const content of ['{"token":"s3cret', '{"tok":1}']) {
    const { exit, stderr } = await ctl(["net", "ls"], { HOME: CONFIG.HOME }, {
      [CONFIG.file]: content,
    });
    assert.equal(exit, 4);
    assert(!stderr.includes("s3cret"));
  }
});

Deno.test("ctl shows only the first line in the logger's form when standard error is not a terminal", async () => {
  let stderr = "";
  await runCtl(["nett"], {
    stdout: () => {},
    stderr: (text) => void (stderr += text),
    env: {},
    now: () => new Date("2026-01-02T03:04:05Z"),
  });
  assert.equal(
    stderr,
    `time="2026-01-02T03:04:05Z" level=error msg="unknown command 'nett'"\n(Did you mean net?)\n`,
  );
});
