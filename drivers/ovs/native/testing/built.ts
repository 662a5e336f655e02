/**
 * The native parts for tests that need them. They are made here only when CI_NATIVE=1 asks for it, since that takes a minute, a compiler
 * and Debian's package archive; otherwise what was built before is used, and without it the output says what was left out.
 * @module
 */
import { buildNative } from "../build.ts";
import { findNativeLibrary } from "../library.ts";

const REQUESTED = Deno.env.get("CI_NATIVE") === "1";

/** The path of the library; undefined, and said: it was not built. `test` is what is left out then. */
export async function builtLibrary(test: string): Promise<string | undefined> {
  const path = REQUESTED
    ? await buildNative("release", Deno.build.arch)
    : await findNativeLibrary();
  if (!path) {
    console.log(
      `NOT TESTED: ${test}: libcontivovs.so was not built; run: deno task build:native, or set CI_NATIVE=1`,
    );
  }
  return path;
}

/** The directory of the fuzz targets; undefined, and said: not asked for. */
export async function builtFuzzTargets(): Promise<string | undefined> {
  if (REQUESTED) return await buildNative("fuzz", Deno.build.arch);
  console.log("NOT TESTED: the native library under sanitizers and fuzzing; set CI_NATIVE=1");
  return undefined;
}
