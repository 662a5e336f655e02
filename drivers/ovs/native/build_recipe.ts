/**
 * How the native library is made: sources, flags, and the keys that say when it must be made again. Pure.
 * @module
 */

/** "fuzz": fuzz targets and the test of the library with all code under AddressSanitizer, by clang. */
export type Variant = "release" | "fuzz";
export type Machine = "x86_64" | "aarch64";

export interface Toolchain {
  readonly compiler: string;
  readonly archiver: string;
  /** Of configure(1): for what machine is built; undefined: for this one. */
  readonly host?: string;
  /** Programs and the Debian packages that bring them. */
  readonly needs: Readonly<Record<string, string>>;
}

export function toolchain(variant: Variant, machine: Machine, here: Machine): Toolchain {
  const common = { make: "make", python3: "python3", "dpkg-deb": "dpkg", tar: "tar" };
  if (variant === "fuzz") {
    const needs = { ...common, clang: "clang libclang-rt-14-dev", ar: "binutils" };
    return { compiler: "clang", archiver: "ar", needs };
  }
  if (machine === here) {
    return { compiler: "gcc", archiver: "ar", needs: { ...common, gcc: "gcc", ar: "binutils" } };
  }
  const triple = `${machine}-linux-gnu`;
  const [compiler, archiver] = [`${triple}-gcc`, `${triple}-ar`];
  const packages = `gcc-${triple.replace("_", "-")} libc6-dev-${debianName(machine)}-cross`;
  return { compiler, archiver, host: triple, needs: { ...common, [compiler]: packages } };
}

/** Of libopenvswitch. Sections per function, so that the linker leaves out what is not reached. */
export function libraryFlags(variant: Variant): string {
  return variant === "release"
    ? "-O2 -g0 -ffunction-sections -fdata-sections"
    : "-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address";
}

/** Of our own sources. Open vSwitch's headers count as the system's: warnings in them are not ours to mend. */
export function shimFlags(variant: Variant, source: string, build: string): string[] {
  const headers = [build, `${build}/include`, `${source}/include`, `${source}/lib`, `${build}/lib`];
  return [
    ..."-std=gnu11 -fPIC -Wall -Wextra -Werror -fvisibility=hidden".split(" "),
    ...libraryFlags(variant).split(" "),
    ...(variant === "fuzz" ? ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"] : []),
    ...headers.flatMap((directory) => ["-isystem", directory]),
  ];
}

/**
 * Nothing but our functions is exported, and libopenvswitch's 5,000 names bind inside. `nodelete`: its threads' keys have
 * destructors in the library, so it must stay. `defs`: a member missing in members.txt fails here, not at run time.
 */
export function linkFlags(versionScript: string): string[] {
  return [
    "-shared",
    "-s",
    "-Wl,--gc-sections,-Bsymbolic,-z,defs,-z,nodelete,-z,relro,-z,now",
    `-Wl,--version-script=${versionScript}`,
  ];
}

export const LIBRARIES = ["-lm", "-lpthread"] as const;

/** Of Open vSwitch. What would look for more libraries on this machine is off. */
export const CONFIGURE = [
  "--disable-shared",
  "--with-pic",
  "--disable-ssl",
  "--disable-libcapng",
  "ac_cv_lib_unbound_ub_ctx_create=no",
] as const;

/** Made by Open vSwitch's own makefile; its rules for single members do not ask for them. */
export const GENERATED = [
  "include/odp-netlink.h",
  "include/odp-netlink-macros.h",
  "ofproto/ipfix-entities.def",
  "lib/vswitch-idl.h",
  "lib/vswitch-idl.c",
  "lib/ovsdb-server-idl.h",
  "lib/ovsdb-server-idl.c",
] as const;

/** 16 hexadecimal digits that differ when any of the texts does. */
export async function keyOf(...texts: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(texts));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return digest.subarray(0, 8).toHex();
}

function debianName(machine: Machine): string {
  return machine === "aarch64" ? "arm64" : "amd64";
}
