/**
 * Kernel parameters under /proc/sys, written only when they differ. Synchronous on purpose: /proc/sys/net shows the namespace of the
 * thread that opens it, so the file must be opened on this thread, not on the pool.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";

/** `key` with slashes, e.g. `net/ipv4/ip_forward`, as interface names may hold dots. Undefined when this kernel does not have it. */
export function readSysctl(key: string): string | undefined {
  try {
    return Deno.readTextFileSync(pathOf(key)).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw failure(`read sysctl ${key}`, error);
  }
}

/** Returns whether it had to be written. */
export function ensureSysctl(key: string, value: string): boolean {
  const current = readSysctl(key);
  if (current === value) return false;
  if (current === undefined) {
    throw new KernelError("unsupported", `cannot set sysctl ${key}: this kernel does not have it`);
  }
  try {
    Deno.writeTextFileSync(pathOf(key), value, { create: false });
    return true;
  } catch (error) {
    throw failure(
      `set sysctl ${key}=${value} (it is ${current}; set it yourself if /proc/sys is read-only here)`,
      error,
    );
  }
}

/** False with the boot parameter ipv6.disable=1 or a kernel without IPv6. */
export function hasIPv6(): boolean {
  return readSysctl("net/ipv6/conf/all/disable_ipv6") !== undefined;
}

function pathOf(key: string): string {
  return `/proc/sys/${key}`;
}

function failure(attempted: string, cause: unknown): KernelError {
  const denied = cause instanceof Deno.errors.PermissionDenied ||
    cause instanceof Deno.errors.NotCapable;
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new KernelError(
    denied ? "permission" : "failed",
    `cannot ${attempted}: ${detail}${denied ? "; run as root" : ""}`,
    { cause },
  );
}
