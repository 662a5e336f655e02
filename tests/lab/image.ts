/**
 * The one image that the lab's engines carry, made from Debian's busybox-static so that no registry is needed.
 * @module
 */
import { join } from "node:path";
import { must } from "./command.ts";

/** All of busybox's programs, and a shell as the default command. Its `wget URL` and name look-ups do not work (static glibc). */
export const IMAGE = "busybox:lab";

const BUSYBOX = "/bin/busybox";

/** A root file system as `docker import` takes it, made once and kept in `directory`. Returns its path. */
export async function imageArchive(directory: string): Promise<string> {
  const archive = join(directory, "busybox.tar");
  if (await exists(archive)) return archive;
  const work = await Deno.makeTempDir({ dir: directory, prefix: ".new-image-" });
  try {
    const root = join(work, "root");
    for (const place of ["bin", "etc", "tmp", "proc", "sys", "dev", "root"]) {
      await Deno.mkdir(join(root, place), { recursive: true });
    }
    await Deno.copyFile(BUSYBOX, join(root, BUSYBOX));
    for (const applet of (await must([BUSYBOX, "--list"])).trim().split("\n")) {
      if (applet !== "busybox") await Deno.symlink("busybox", join(root, "bin", applet));
    }
    await must(["tar", "-C", root, "-cf", join(work, "busybox.tar"), "."]);
    await Deno.rename(join(work, "busybox.tar"), archive);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return archive;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
