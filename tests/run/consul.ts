/**
 * Brings the Consul server that the store's tests run. Debian has it in one release only, which need not be this machine's: it is taken
 * from there into a directory of our own, its origin proved by apt's signatures, and nothing of it is installed.
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { must } from "../lab/command.ts";

/** The last release with the package. */
const SUITE = "bullseye";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const CACHE = "/var/cache/contiv-test/consul";
const DEADLINE_MS = 5 * 60_000;

/** The path of a Consul executable: one that was fetched before, or fetched now. Throws with what to do when neither is possible. */
export async function consulProgram(say: (line: string) => void = () => {}): Promise<string> {
  const program = join(CACHE, "consul");
  if (await runs(program)) return program;
  if (Deno.uid() !== 0) {
    throw new Error(`Consul is not at ${program}, and only root can fetch it; run it as root once`);
  }
  say(`fetching Consul from Debian ${SUITE} into ${CACHE}`);
  await Deno.mkdir(CACHE, { recursive: true });
  const work = await Deno.makeTempDir({ dir: CACHE, prefix: "fetch-" });
  try {
    await fetchInto(work);
    await Deno.rename(join(work, "root/usr/bin/consul"), program);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const byHand = `put a Consul 1.8 executable at ${program} by hand`;
    throw new Error(`Consul cannot be fetched from Debian ${SUITE}; ${byHand}: ${reason}`, {
      cause,
    });
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  if (!await runs(program)) throw new Error(`${program} was fetched, but does not run`);
  return program;
}

async function runs(program: string): Promise<boolean> {
  try {
    return (await must([program, "version"])).startsWith("Consul v1.");
  } catch {
    return false;
  }
}

async function fetchInto(work: string): Promise<void> {
  // apt gives up root for downloads, and then needs to reach the directory.
  await Deno.chmod(work, 0o755);
  const lists = join(work, "lists"), cache = join(work, "cache");
  await Deno.mkdir(join(lists, "partial"), { recursive: true });
  await Deno.mkdir(join(cache, "archives/partial"), { recursive: true });
  const source = `deb [signed-by=${KEYRING}] ${await debianAddress()} ${SUITE} main\n`;
  await Deno.writeTextFile(join(work, "sources.list"), source);
  const settings = [
    `Dir::Etc::sourcelist "${join(work, "sources.list")}";`,
    'Dir::Etc::sourceparts "-";',
    `Dir::State::lists "${lists}";`,
    `Dir::Cache "${cache}";`,
    'Acquire::Languages "none";',
  ];
  await Deno.writeTextFile(join(work, "apt.conf"), settings.join("\n") + "\n");
  const env = { APT_CONFIG: join(work, "apt.conf"), DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, cwd: work, deadline: DEADLINE_MS };
  await must(["apt-get", "-q", "update"], options);
  await must(["apt-get", "-q", "download", "consul"], options);
  const packages = Array.from(Deno.readDirSync(work), (entry) => entry.name);
  const file = packages.find((name) => name.startsWith("consul_") && name.endsWith(".deb"));
  if (file === undefined) throw new Error("apt-get download left no package");
  await must(["dpkg", "-x", file, "root"], options);
}

/** Where this machine takes its own Debian packages from, so that proxies and mirrors keep counting. */
async function debianAddress(): Promise<string> {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
  const filter = "Created-By: Packages";
  const targets = await must(["apt-get", "indextargets", "--format", format, filter]);
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(await Deno.readTextFile("/etc/os-release"))
    ?.[1];
  for (const line of targets.split("\n")) {
    const [address, release, component] = line.split(" ");
    if (address && release === codename && component === "main") return address;
  }
  throw new Error(`apt has no source of Debian ${codename ?? "at all"}; add one to sources.list`);
}

if (import.meta.main) {
  try {
    console.log(await consulProgram(console.log));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
