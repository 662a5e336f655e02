/**
 * The few C library functions that reach the kernel, typed. Loaded at first use, so that importing this module costs nothing.
 * Those with a nonblocking form run on a thread of Deno's blocking pool (32 threads, shared with file I/O) when they may wait.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  sendOnPool: {
    name: "send",
    parameters: ["i32", "buffer", "usize", "i32"],
    result: "isize",
    nonblocking: true,
  },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recvOnPool: {
    name: "recv",
    parameters: ["i32", "buffer", "usize", "i32"],
    result: "isize",
    nonblocking: true,
  },
  pollOnPool: {
    name: "poll",
    parameters: ["buffer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  fstatfs: { parameters: ["i32", "buffer"], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  ioctlOnPool: {
    name: "ioctl",
    parameters: ["i32", "usize", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

export type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let loaded: Libc | undefined;

/** The C library of this process. Throws KernelError "unsupported" where it is not glibc. */
export function libc(): Libc {
  if (loaded) return loaded;
  try {
    return loaded = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch (cause) {
    throw new KernelError(
      "unsupported",
      "cannot load libc.so.6: the Linux driver needs glibc on x86-64 or arm64, and permission for FFI (deno run -A)",
      { cause },
    );
  }
}

/**
 * errno of the synchronous call just made on this thread. Meaningless after a call on the pool: errno belongs to a thread.
 */
export function errno(): number {
  const location = libc().__errno_location();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}

const encoder = new TextEncoder();

/** NUL-terminated bytes of `text`. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text + "\0");
}
