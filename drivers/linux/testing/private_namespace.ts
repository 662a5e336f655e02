/**
 * For lab tests: lets a test run in a network namespace of its own, and makes more of them for it to play with. Nothing has a name in
 * /run/netns, so nothing is left behind when a test dies.
 * @module
 */
import { strict as assert } from "node:assert";

const CLONE_NEWNET = 0x40000000;
const O_CLOEXEC = 0o2000000;

function library() {
  return Deno.dlopen("libc.so.6", {
    unshare: { parameters: ["i32"], result: "i32" },
    setns: { parameters: ["i32", "i32"], result: "i32" },
    open: { parameters: ["buffer", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
}

export interface Lab extends AsyncDisposable {
  /** An empty namespace; its path is good until `lab` ends or `drop` is called. */
  namespace(): LabNamespace;
}

export interface LabNamespace {
  readonly path: string;
  drop(): void;
}

/** Moves this thread into a new network namespace until disposed. Needs root. */
export function enterLab(): Lab {
  const libc = library();
  const open = () => {
    const path = new TextEncoder().encode("/proc/thread-self/ns/net\0");
    const fd = libc.symbols.open(path, O_CLOEXEC);
    assert.ok(fd >= 0, "cannot open /proc/thread-self/ns/net");
    return fd;
  };
  const unshare = () =>
    assert.equal(libc.symbols.unshare(CLONE_NEWNET), 0, "lab tests need root (unshare failed)");
  const back = (fd: number) => assert.equal(libc.symbols.setns(fd, CLONE_NEWNET), 0);
  const origin = open();
  unshare();
  const home = open();
  const held = new Set<number>();
  return {
    namespace() {
      unshare();
      const fd = open();
      back(home);
      held.add(fd);
      return {
        path: `/proc/${Deno.pid}/fd/${fd}`,
        drop: () => {
          if (held.delete(fd)) libc.symbols.close(fd);
        },
      };
    },
    [Symbol.asyncDispose]() {
      back(origin);
      for (const fd of [...held, home, origin]) libc.symbols.close(fd);
      libc.close();
      return Promise.resolve();
    },
  };
}

/** Runs a program in the current namespace, or in that at `namespace`; its standard output. Throws when it fails. */
export async function run(command: string, namespace?: string): Promise<string> {
  const words = command.split(" ");
  const [program = "", ...args] = namespace ? ["nsenter", `--net=${namespace}`, ...words] : words;
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  assert.ok(success, `${command}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Resolves when `condition` holds; fails after five seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!await condition()) {
    assert.ok(performance.now() < deadline, `not within 5 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
