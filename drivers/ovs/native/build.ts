/**
 * `deno task build:native [--fuzz] [--arm64]`: makes dist/native/libcontivovs.so from our C sources and Debian's package
 * openvswitch-source; with --fuzz the fuzz targets. Each result lies under a key over all that it is made from, so what is already
 * there is not made again.
 * @module
 */
import process from "node:process";
import { basename, join } from "node:path";
import {
  CONFIGURE,
  GENERATED,
  keyOf,
  LIBRARIES,
  libraryFlags,
  linkFlags,
  type Machine,
  shimFlags,
  type Toolchain,
  toolchain,
  type Variant,
} from "./build_recipe.ts";

const HERE = import.meta.dirname ?? ".";
const DIST = join(HERE, "..", "..", "..", "dist", "native");
const PACKAGE = "openvswitch-source";
/** What the package brings. */
const TARBALL = "/usr/src/openvswitch/openvswitch.tar.gz";
const HEADERS = ["contiv_ovs.h", "internal.h"] as const;
const SOURCES = [
  "contiv_ovs.c",
  "decode.c",
  "decode_parts.c",
  "line_flow.c",
  "line_group.c",
  "line_meter.c",
  "line_packet.c",
  "lines.c",
] as const;
const FUZZ_TARGETS = ["fuzz_text", "fuzz_message", "shim_check"] as const;

interface Library {
  readonly key: string;
  readonly source: string;
  readonly build: string;
  readonly archive: string;
}

/** Makes what is missing and returns the path of the library, or of the directory of the fuzz targets. */
export async function buildNative(variant: Variant, machine: Machine): Promise<string> {
  const tools = toolchain(variant, machine, Deno.build.arch);
  await requireTools(tools);
  const version = await packageVersion();
  const library = await buildLibrary(variant, machine, tools, version);
  const path = await buildShim(variant, tools, library);
  if (variant === "fuzz") return path;
  const name = machine === Deno.build.arch ? "libcontivovs.so" : `libcontivovs-${machine}.so`;
  // Relative, so that the tree may move.
  await pointTo(join(basename(path), "libcontivovs.so"), join(DIST, name));
  return join(DIST, name);
}

/** libopenvswitch as an archive of just the members that the shim reaches: a third of the time of the whole. */
async function buildLibrary(
  variant: Variant,
  machine: Machine,
  tools: Toolchain,
  version: string,
): Promise<Library> {
  const members = (await readOwn("members.txt")).trim().split("\n");
  const flags = libraryFlags(variant);
  const recipe = [tools.compiler, flags, ...CONFIGURE, ...GENERATED, ...members];
  const key = await keyOf(version, machine, ...recipe);
  const root = join(DIST, `libopenvswitch-${key}`);
  const library = { key, source: `${root}/ovs`, build: `${root}/build`, archive: `${root}/ovs.a` };
  if (await exists(library.archive)) return library;
  console.log(`building libopenvswitch of ${PACKAGE} ${version} (a minute or two)`);
  // A half-made directory of an earlier run has no archive, and goes. The path is the final one: configure writes it into its files.
  await Deno.remove(root, { recursive: true }).catch(ignoreAbsent);
  await Deno.mkdir(library.build, { recursive: true });
  await Deno.mkdir(library.source);
  await unpackSource(root, version, library.source);
  const host = tools.host ? [`--host=${tools.host}`] : [];
  const compiler = [`CC=${tools.compiler}`, `CFLAGS=${flags}`];
  await run(library.build, `${library.source}/configure`, ...CONFIGURE, ...host, ...compiler);
  await run(library.build, "make", ...GENERATED);
  const jobs = `-j${navigator.hardwareConcurrency}`;
  await run(
    library.build,
    "make",
    jobs,
    ...members.map((name) => `lib/${name.replace(/o$/, "lo")}`),
  );
  await run(`${library.build}/lib`, tools.archiver, "rcs", `${root}/half.a`, ...members);
  await Deno.rename(`${root}/half.a`, library.archive);
  return library;
}

/** From the package where it is installed, else from Debian's archive. */
async function unpackSource(root: string, version: string, target: string): Promise<void> {
  const unpack = (tarball: string) =>
    run(root, "tar", "xzf", tarball, "-C", target, "--strip-components=1");
  if (await installedVersion() === version) return await unpack(TARBALL);
  await run(root, "apt-get", "download", `${PACKAGE}=${version}`);
  const [file] = [...Deno.readDirSync(root)].filter(({ name }) => name.endsWith(".deb"));
  if (!file) throw new Error(`apt-get download ${PACKAGE} left no package in ${root}`);
  await run(root, "dpkg-deb", "-x", file.name, "package");
  await unpack(join("package", TARBALL));
  await Deno.remove(`${root}/${file.name}`);
  await Deno.remove(`${root}/package`, { recursive: true });
}

async function buildShim(variant: Variant, tools: Toolchain, library: Library): Promise<string> {
  const script = join(HERE, "contiv_ovs.map");
  const flags = shimFlags(variant, library.source, library.build);
  const own: string[] = [...SOURCES, ...HEADERS, "contiv_ovs.map"];
  if (variant === "fuzz") own.push(...FUZZ_TARGETS.map((target) => `fuzz/${target}.c`));
  const link = linkFlags(script);
  const key = await keyOf(library.key, ...flags, ...link, ...await Promise.all(own.map(readOwn)));
  const target = join(DIST, `contiv_ovs-${key}`);
  if (await exists(target)) return target;
  const half = `${target}.${crypto.randomUUID()}`;
  await Deno.mkdir(half, { recursive: true });
  const compile = (output: string, sources: readonly string[], ...more: string[]) =>
    run(half, tools.compiler, ...flags, "-o", output, ...sources, library.archive, ...more);
  const shim = SOURCES.map((name) => join(HERE, name));
  if (variant === "release") {
    await compile("libcontivovs.so", shim, ...link, ...LIBRARIES);
  } else {
    for (const name of FUZZ_TARGETS) {
      const sanitizer = name === "shim_check" ? "-fsanitize=address" : "-fsanitize=fuzzer";
      await compile(name, [join(HERE, "fuzz", `${name}.c`), ...shim], sanitizer, ...LIBRARIES);
    }
  }
  await Deno.rename(half, target);
  return target;
}

/** Of the package that is installed, with its source in place. */
async function installedVersion(): Promise<string | undefined> {
  if (!await exists(TARBALL)) return undefined;
  return (await output("dpkg-query", "-W", "-f=${Version}", PACKAGE)).trim() || undefined;
}

/** The installed one, else the version that apt would install: the same source as the Open vSwitch beside it. */
async function packageVersion(): Promise<string> {
  const installed = await installedVersion();
  if (installed !== undefined) return installed;
  const text = await output("apt-cache", "policy", PACKAGE);
  const version = /Candidate: (\S+)/.exec(text)?.[1];
  if (version && version !== "(none)") return version;
  throw new Error(`apt knows no package ${PACKAGE}; run: apt-get update (Debian 12 or later)`);
}

async function requireTools({ needs }: Toolchain): Promise<void> {
  const path = (Deno.env.get("PATH") ?? "/usr/bin:/bin").split(":");
  const missing: string[] = [];
  for (const [program, packages] of Object.entries(needs)) {
    const found = await Promise.all(path.map((directory) => exists(`${directory}/${program}`)));
    if (!found.includes(true)) missing.push(packages);
  }
  if (missing.length === 0) return;
  throw new Error(`programs are missing; run: apt-get install ${missing.join(" ")}`);
}

/** At the lowest priority: the machine may be a production host. What the program said is shown only when it failed. */
async function run(directory: string, program: string, ...args: string[]): Promise<void> {
  const command = new Deno.Command("nice", {
    args: ["-n", "19", program, ...args],
    cwd: directory,
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const text = new TextDecoder();
  const said = `${text.decode(stdout)}\n${text.decode(stderr)}`.trim().split("\n").slice(-30);
  throw new Error(`${program} failed in ${directory}:\n${said.join("\n")}`);
}

async function output(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args, stdin: "null" }).output();
  return new TextDecoder().decode(stdout);
}

function readOwn(name: string): Promise<string> {
  return Deno.readTextFile(join(HERE, name));
}

async function pointTo(target: string, link: string): Promise<void> {
  const half = `${link}.${crypto.randomUUID()}`;
  await Deno.symlink(target, half);
  await Deno.rename(half, link);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    ignoreAbsent(error);
    return false;
  });
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
    throw error;
  }
}

if (import.meta.main) {
  try {
    const fuzz = Deno.args.includes("--fuzz");
    const machine = Deno.args.includes("--arm64") ? "aarch64" : Deno.build.arch;
    const unknown = Deno.args.find((arg) => arg !== "--fuzz" && arg !== "--arm64");
    if (unknown) throw new Error(`unknown option ${unknown}; known: --fuzz, --arm64`);
    console.log(await buildNative(fuzz ? "fuzz" : "release", machine));
  } catch (error) {
    console.error(`build:native: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
