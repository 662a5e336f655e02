/**
 * The kernel and the C library: old enough ones miss what the agent calls.
 * @module
 */
import type { Facts } from "../facts.ts";
import { fail, type Finding, ok, warn } from "../finding.ts";

/** Debian 10's, the oldest that links are made with in one message to another namespace as we do. */
const OLDEST = [4, 19] as const;

export function checkKernel(facts: Pick<Facts, "kernel" | "libc" | "veth">): Finding[] {
  return [version(facts.kernel), library(facts.libc), links(facts.veth)];
}

function version(kernel: string): Finding {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => parseInt(part, 10));
  const tooOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return tooOld
    ? warn("kernel", `${kernel} is older than ${OLDEST.join(".")}, which nobody has tried`)
    : ok("kernel", kernel);
}

function library(libc: Facts["libc"]): Finding {
  return "value" in libc
    ? ok("C library", `glibc ${libc.value}, called over FFI`)
    : fail("C library", `cannot be called: ${libc.error}`, "use a system with glibc (not musl)");
}

function links(veth: Facts["veth"]): Finding {
  return "value" in veth
    ? ok("veth and namespaces", "a pair was made in a throw-away namespace")
    : fail("veth and namespaces", veth.error, "sudo modprobe veth   # and run the doctor as root");
}
