/**
 * Where labs keep their files, whose they are, and the sweep that removes what a killed owner left. Namespaces, mounts and processes
 * need no record: they end with their owner (host_init.sh). Files and control groups do not, and are found here.
 * @module
 */
import { join } from "node:path";
import { identify, isAlive, type ProcessIdentity, sendSignal } from "./process_table.ts";
import { waitFor } from "./wait.ts";

/** Of root only. On a file system that can carry an overlay's upper layer, and outside /etc and /var, which hosts overlay. */
const BASE = "/tmp/contiv-lab";
const CGROUPS = "/sys/fs/cgroup";

/** What a lab writes about itself before it makes anything else. */
export interface LabRecord {
  readonly id: string;
  readonly directory: string;
  readonly owner: ProcessIdentity;
}

/** Where things live that labs share, such as the image. Made on first use. */
export function baseDirectory(): string {
  Deno.mkdirSync(BASE, { recursive: true, mode: 0o700 });
  const info = Deno.lstatSync(BASE);
  if (!info.isDirectory || info.uid !== Deno.uid()) {
    throw new Error(`${BASE} is not a directory of ours; remove it: rm -rf ${BASE}`);
  }
  return BASE;
}

/** Takes a new name for this process; the name's random end keeps runs at the same time apart. */
export function registerLab(name: string): LabRecord {
  const owner = identify(Deno.pid);
  if (!owner) {
    throw new Error("/proc does not show this process; mount it: mount -t proc proc /proc");
  }
  const id = `${name}-${crypto.randomUUID().slice(0, 6)}`;
  const directory = join(baseDirectory(), id);
  const record = { id, directory, owner };
  // A directory without its record would never be swept: make both under another name, then show them at once.
  const hidden = Deno.makeTempDirSync({ dir: BASE, prefix: ".new-" });
  Deno.writeTextFileSync(join(hidden, "lab.json"), JSON.stringify(record));
  Deno.renameSync(hidden, directory);
  return record;
}

/** The labs on this machine, those of dead owners included. */
export function listLabs(): LabRecord[] {
  const labs: LabRecord[] = [];
  for (const entry of Deno.readDirSync(baseDirectory())) {
    if (!entry.isDirectory || entry.name.startsWith(".new-")) continue;
    const record = readRecord(join(BASE, entry.name));
    if (record) labs.push(record);
  }
  return labs.sort((a, b) => a.id < b.id ? -1 : 1);
}

/** Removes a lab's control groups and files. Its hosts must be gone, or about to go. */
export async function removeLab(record: LabRecord): Promise<void> {
  await waitFor(`the control groups of ${record.id} to empty`, () => removeCgroups(record.id));
  await Deno.remove(record.directory, { recursive: true }).catch(ignoreNotFound);
}

/** Removes the labs whose owner is dead, and returns their names. */
export async function sweepLabs(): Promise<string[]> {
  const swept: string[] = [];
  for (const record of listLabs()) {
    if (isAlive(record.owner)) continue;
    for (const init of hostProcesses(record)) {
      if (isAlive(init)) sendSignal(init.pid, "SIGKILL");
    }
    await waitFor(`${record.id} to end`, () => !hostProcesses(record).some(isAlive));
    await removeLab(record);
    swept.push(record.id);
  }
  return swept;
}

/** Notes process 1 of a host, for the sweep and for `lab exec`. */
export function recordHost(record: LabRecord, host: string, init: ProcessIdentity): void {
  Deno.writeTextFileSync(join(record.directory, `${host}.json`), JSON.stringify(init));
}

/** The hosts of a lab by name, with their process 1. */
export function recordedHosts(record: LabRecord): Map<string, ProcessIdentity> {
  const hosts = new Map<string, ProcessIdentity>();
  for (const entry of Deno.readDirSync(record.directory)) {
    if (!entry.name.endsWith(".json") || entry.name === "lab.json") continue;
    const init: unknown = JSON.parse(Deno.readTextFileSync(join(record.directory, entry.name)));
    if (isIdentity(init)) hosts.set(entry.name.slice(0, -".json".length), init);
  }
  return hosts;
}

/** Empty when another sweep has just removed the lab. */
function hostProcesses(record: LabRecord): ProcessIdentity[] {
  try {
    return [...recordedHosts(record).values()];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function readRecord(directory: string): LabRecord | undefined {
  try {
    const value: unknown = JSON.parse(Deno.readTextFileSync(join(directory, "lab.json")));
    if (typeof value !== "object" || value === null) return undefined;
    const { id, owner } = value as Partial<LabRecord>; // our own file, in a directory that only root writes
    return typeof id === "string" && isIdentity(owner) ? { id, directory, owner } : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return typeof value === "object" && value !== null && "pid" in value && "startTime" in value &&
    typeof value.pid === "number" && typeof value.startTime === "number";
}

/** Removes the empty groups of the lab's engines (`contiv-lab/<id>` in every hierarchy); false while one is still in use. */
function removeCgroups(id: string): boolean {
  const hierarchies = [CGROUPS];
  for (const entry of Deno.readDirSync(CGROUPS)) {
    if (entry.isDirectory) hierarchies.push(join(CGROUPS, entry.name));
  }
  return hierarchies.map((root) => removeTree(join(root, cgroupOf(id)))).every((gone) => gone);
}

/** The control group that everything of one lab's engines is under, relative to a hierarchy's root. */
export function cgroupOf(id: string): string {
  return `contiv-lab-${id}`;
}

/** A control group's files cannot be removed, only its directory: the deepest first. */
function removeTree(directory: string): boolean {
  try {
    for (const entry of Deno.readDirSync(directory)) {
      if (entry.isDirectory) removeTree(join(directory, entry.name));
    }
    Deno.removeSync(directory);
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
