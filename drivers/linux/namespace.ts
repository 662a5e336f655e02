/**
 * Network namespaces: finding, opening and entering them. A namespace is entered only for the length of one synchronous function,
 * to open sockets there; the sockets then belong to that namespace whichever thread uses them.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";
import { errnoText, kernelError } from "./errno.ts";
import { cString, errno, libc } from "./libc.ts";

const CLONE_NEWNET = 0x40000000;
const NSFS_MAGIC = 0x6e736673;
/** NS_GET_NSTYPE, ioctl_ns(2) */
const NS_GET_NSTYPE = 0xb703n;
const O_RDONLY_CLOEXEC_NONBLOCK = 0o2000000 | 0o4000;
/** Where iproute2 keeps names; both are the same directory on most systems. */
const NAME_DIRECTORIES = ["/run/netns", "/var/run/netns"];

/** The namespace of the thread that this was called on, held open: what we always return to. */
export class OwnNamespace {
  readonly #fd: number;
  readonly #identity: string;

  constructor() {
    const path = "/proc/thread-self/ns/net";
    this.#fd = openDescriptor(path);
    this.#identity = identityOf(path);
  }

  close(): void {
    libc().close(this.#fd);
  }

  /** Opens the namespace at `path`, which must be another one. The caller closes it. */
  open(path: string): Namespace {
    const fd = openDescriptor(path);
    if (identityOf(path) === this.#identity) {
      libc().close(fd);
      throw new KernelError(
        "invalid",
        `${path} is the host's own network namespace; a container's is needed`,
      );
    }
    return new Namespace(fd, path, this.#fd);
  }
}

export class Namespace {
  constructor(readonly fd: number, readonly path: string, private readonly home: number) {}

  close(): void {
    libc().close(this.fd);
  }

  /**
   * Runs `work` with this thread in the namespace. `work` must not wait and must not start a thread or a process: these would stay there.
   * A thread that cannot return must not go on serving the host, so the process then ends.
   */
  enter<T>(work: () => T): T {
    if (libc().setns(this.fd, CLONE_NEWNET) < 0) {
      throw kernelError(errno(), `enter network namespace ${this.path}`);
    }
    try {
      return work();
    } finally {
      if (libc().setns(this.home, CLONE_NEWNET) < 0) {
        console.error(`cannot return from network namespace ${this.path}: ${errnoText(errno())}`);
        Deno.exit(70);
      }
    }
  }
}

/** `NAME` as `ip netns` names it, or an absolute path. Resolves to a path that was a network namespace a moment ago. */
export function resolveNamespace(nameOrPath: string): string {
  const candidates = nameOrPath.startsWith("/") ? [nameOrPath] : namedCandidates(nameOrPath);
  const path = candidates.find((candidate) => statOf(candidate) !== undefined);
  if (path === undefined) {
    throw new KernelError(
      "not-found",
      nameOrPath.startsWith("/")
        ? `network namespace ${nameOrPath} does not exist; the container may have ended`
        : `network namespace ${nameOrPath} does not exist in /run/netns; see "ip netns list", or give an absolute path`,
    );
  }
  libc().close(openDescriptor(path));
  return path;
}

/** A file that was left behind when its namespace was unmounted counts as gone. */
export function namespaceExists(path: string): boolean {
  try {
    libc().close(openDescriptor(path));
    return true;
  } catch (error) {
    if (error instanceof KernelError && ["not-found", "invalid"].includes(error.code)) return false;
    throw error;
  }
}

function namedCandidates(name: string): string[] {
  if (/^[^/\0]{1,255}$/.test(name) && name !== "." && name !== "..") {
    return NAME_DIRECTORIES.map((directory) => `${directory}/${name}`);
  }
  throw new KernelError(
    "invalid",
    `${JSON.stringify(name)} is neither the name of a network namespace nor an absolute path`,
  );
}

/** A file descriptor of a path that is a network namespace and nothing else. */
function openDescriptor(path: string): number {
  const refused = (why: string) =>
    new KernelError("invalid", `${path} is not a network namespace: ${why}`);
  // Checked before opening, because opening a device or a FIFO has effects.
  const stat = statOf(path);
  if (stat && !stat.isFile) throw refused("not a regular file");
  const fd = libc().open(cString(path), O_RDONLY_CLOEXEC_NONBLOCK);
  if (fd < 0) throw kernelError(errno(), `open network namespace ${path}`);
  const statfs = new Uint8Array(120);
  const onNsfs = libc().fstatfs(fd, statfs) === 0 &&
    new DataView(statfs.buffer).getUint32(0, true) === NSFS_MAGIC;
  const type = onNsfs ? libc().ioctl(fd, NS_GET_NSTYPE, null) : 0;
  if (type === CLONE_NEWNET) return fd;
  libc().close(fd);
  throw refused(onNsfs ? "a namespace of another kind" : "an ordinary file");
}

function identityOf(path: string): string {
  const stat = statOf(path);
  return stat ? `${stat.dev}:${stat.ino}` : "";
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw new KernelError("permission", `cannot look at network namespace ${path}`, {
      cause: error,
    });
  }
}
