/**
 * What the operating system must have, by the programs that we call, and how it gets there on Debian: only what is missing is installed,
 * it is said before, and no service that a package brings is started.
 * @module
 */
import process from "node:process";
import { must } from "../lab/command.ts";

/** A program and the Debian package that brings it. */
export interface Need {
  /** A name, or an absolute path. */
  readonly program: string;
  readonly package: string;
}

/** For running Contiv and its demo. */
export const RUN_NEEDS: readonly Need[] = [
  { program: "ovs-vswitchd", package: "openvswitch-switch" },
  { program: "ovs-vsctl", package: "openvswitch-switch" },
  { program: "ovs-ofctl", package: "openvswitch-common" },
  { program: "ip", package: "iproute2" },
  { program: "iptables", package: "iptables" },
  { program: "ping", package: "iputils-ping" },
  { program: "nsenter", package: "util-linux" },
];

const SANITIZERS =
  `/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/clang_rt.crtbegin-${Deno.build.arch}.o`;

/** Sets the clock of single programs (tests/lab/stepped_clock.ts). */
export const FAKE_TIME = `/usr/lib/${Deno.build.arch}-linux-gnu/faketime/libfaketimeMT.so.1`;

/** For the whole test suite: also what the lab runs in its hosts. */
export const TEST_NEEDS: readonly Need[] = [
  ...RUN_NEEDS,
  { program: "ovsdb-server", package: "openvswitch-switch" },
  { program: "ovsdb-tool", package: "openvswitch-common" },
  { program: "ethtool", package: "ethtool" },
  { program: "dockerd", package: "docker.io" },
  { program: "docker", package: "docker.io" },
  { program: "containerd", package: "containerd" },
  { program: "runc", package: "runc" },
  { program: "busybox", package: "busybox-static" },
  { program: "tar", package: "tar" },
  { program: "nft", package: "nftables" },
  { program: "iperf3", package: "iperf3" },
  { program: "socat", package: "socat" },
  { program: "strace", package: "strace" },
  { program: "openssl", package: "openssl" },
  { program: "etcd", package: "etcd-server" },
  { program: "etcdctl", package: "etcd-client" },
  { program: FAKE_TIME, package: "libfaketime" },
  // For the native library, and its tests under sanitizers.
  { program: "gcc", package: "gcc" },
  { program: "make", package: "make" },
  { program: "ar", package: "binutils" },
  { program: "python3", package: "python3" },
  { program: "/usr/include/stdio.h", package: "libc6-dev" },
  { program: "/usr/src/openvswitch/openvswitch.tar.gz", package: "openvswitch-source" },
  { program: "clang", package: "clang" },
  { program: SANITIZERS, package: "libclang-rt-14-dev" },
  { program: "tcpdump", package: "tcpdump" },
];

/** For the benchmarks: the peers that Contiv is measured beside, and what measures. */
export const BENCH_NEEDS: readonly Need[] = [
  ...TEST_NEEDS,
  { program: "sockperf", package: "sockperf" },
  { program: "etcd", package: "etcd-server" },
  { program: "/usr/lib/cni/bridge", package: "containernetworking-plugins" },
];

const APT_DEADLINE = 10 * 60_000;
/** Debian's way to say "do not start services now" (invoke-rc.d(8)); removed when the installation is over. */
const SERVICE_POLICY = "/usr/sbin/policy-rc.d";

/** The packages of the needs whose program is on none of `directories`, each once, in order. */
export function missingPackages(
  needs: readonly Need[],
  isThere: (program: string) => boolean,
): string[] {
  return [...new Set(needs.filter((need) => !isThere(need.program)).map((need) => need.package))];
}

/** Whether a program is where root's PATH would find it, or at its absolute path. */
export function isInstalled(program: string): boolean {
  const paths = program.startsWith("/")
    ? [program]
    : ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(
      (directory) => `${directory}/${program}`,
    );
  return paths.some((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  });
}

/** Installs what is missing. Throws with the list to install by hand when that is not possible here. */
export async function installMissing(
  needs: readonly Need[],
  say: (line: string) => void,
): Promise<void> {
  const packages = missingPackages(needs, isInstalled);
  if (packages.length === 0) return;
  const byHand = `install these packages by hand: ${packages.join(" ")}`;
  if (Deno.uid() !== 0) throw new Error(`not root, so nothing can be installed; ${byHand}`);
  if (!isInstalled("apt-get")) throw new Error(`this system has no apt-get; ${byHand}`);
  say(`installing with apt-get: ${packages.join(" ")}`);
  const options = { deadline: APT_DEADLINE, env: { DEBIAN_FRONTEND: "noninteractive" } };
  const patience = ["-o", "DPkg::Lock::Timeout=120", "-q", "-y"];
  try {
    await must(["apt-get", ...patience, "update"], options);
    await withoutStartingServices(() =>
      must(["apt-get", ...patience, "install", "--no-install-recommends", ...packages], options)
    );
  } catch (cause) {
    throw new Error(
      `apt-get failed; ${byHand}\n${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
      },
    );
  }
  const still = missingPackages(needs, isInstalled);
  if (still.length) throw new Error(`still missing after the installation: ${still.join(" ")}`);
}

/** A policy that somebody else has put there stays, and counts. */
async function withoutStartingServices(install: () => Promise<unknown>): Promise<void> {
  let ours = true;
  try {
    await Deno.writeTextFile(SERVICE_POLICY, "#!/bin/sh\nexit 101\n", {
      createNew: true,
      mode: 0o755,
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    ours = false;
  }
  try {
    await install();
  } finally {
    if (ours) await Deno.remove(SERVICE_POLICY);
  }
}

if (import.meta.main) {
  try {
    await installMissing(TEST_NEEDS, console.log);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
