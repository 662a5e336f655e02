/**
 * Linux error numbers: names, texts, and the KernelError that a caller sees for each.
 * @module
 */
import { KernelError, type KernelErrorCode } from "../../mod/agent/kernel.ts";

type Row = readonly [number: number, text: string, code: KernelErrorCode];

/** include/uapi/asm-generic/errno{-base,}.h; the numbers are those of x86-64 and arm64. */
const TABLE = {
  EPERM: [1, "operation not permitted", "permission"],
  ENOENT: [2, "no such file or directory", "not-found"],
  ESRCH: [3, "no such process or entry", "not-found"],
  EINTR: [4, "interrupted system call", "failed"],
  EIO: [5, "input/output error", "failed"],
  ENXIO: [6, "no such device or address", "not-found"],
  EBADF: [9, "bad file descriptor", "failed"],
  EAGAIN: [11, "nothing there yet", "failed"],
  ENOMEM: [12, "out of memory", "failed"],
  EACCES: [13, "permission denied", "permission"],
  EBUSY: [16, "device or resource busy", "failed"],
  EEXIST: [17, "exists already", "exists"],
  ENODEV: [19, "no such device", "not-found"],
  ENOTDIR: [20, "not a directory", "not-found"],
  EINVAL: [22, "invalid argument", "invalid"],
  ENFILE: [23, "too many open files in the system", "failed"],
  EMFILE: [24, "too many open files in this process", "failed"],
  ENOTTY: [25, "not that kind of file", "invalid"],
  EROFS: [30, "read-only file system", "permission"],
  ERANGE: [34, "value out of range", "invalid"],
  ENOSYS: [38, "not in this kernel", "unsupported"],
  EOPNOTSUPP: [95, "not supported", "unsupported"],
  EPROTONOSUPPORT: [93, "protocol not supported", "unsupported"],
  EAFNOSUPPORT: [97, "address family not supported", "unsupported"],
  EADDRINUSE: [98, "address in use", "exists"],
  EADDRNOTAVAIL: [99, "address not available", "not-found"],
  ENETDOWN: [100, "network is down", "failed"],
  ENETUNREACH: [101, "network unreachable", "invalid"],
  ENOBUFS: [105, "no buffer space", "failed"],
  ETIMEDOUT: [110, "timed out", "failed"],
  EHOSTUNREACH: [113, "no route to host", "invalid"],
} as const satisfies Record<string, Row>;

export type ErrnoName = keyof typeof TABLE;

const BY_NUMBER: ReadonlyMap<number, readonly [ErrnoName, string, KernelErrorCode]> = new Map(
  (Object.keys(TABLE) as ErrnoName[]).map((name) => {
    const [number, text, code] = TABLE[name];
    return [number, [name, text, code]] as const;
  }),
);

/** The number of a name, e.g. EEXIST → 17. */
export function errnoOf(name: ErrnoName): number {
  return TABLE[name][0];
}

/** e.g. "EEXIST (exists already)" */
export function errnoText(number: number): string {
  const row = BY_NUMBER.get(number);
  return row ? `${row[0]} (${row[1]})` : `errno ${number}`;
}

/**
 * `cannot <attempted>: <errno>: <the kernel's own words>`, with what to do where that is known.
 * @param attempted e.g. "create link vvport1"
 * @param kernelText the extended acknowledgement of netlink, or empty
 */
export function kernelError(number: number, attempted: string, kernelText = ""): KernelError {
  const code = BY_NUMBER.get(number)?.[2] ?? "failed";
  const words = kernelText ? `: ${kernelText}` : "";
  const advice = code === "permission" && number !== TABLE.EROFS[0]
    ? "; run as root, or with CAP_NET_ADMIN and CAP_SYS_ADMIN"
    : "";
  return new KernelError(code, `cannot ${attempted}: ${errnoText(number)}${words}${advice}`);
}
