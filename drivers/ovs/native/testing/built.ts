/**
 * The native parts for tests that need them. They are made here only when CI_NATIVE=1 asks for it, since that takes a minute, a compiler
 * and Debian's package archive; otherwise what was built before is used, and without it a test's name says what was left out.
 * @module
 */
import { equal } from "node:assert/strict";
import { buildNative } from "../build.ts";
import { findNativeLibrary } from "../library.ts";

const REQUESTED = Deno.env.get("CI_NATIVE") === "1";

/** The path of the library; undefined, and said: it was not built. `what` is left out then. */
export async function builtLibrary(what: string): Promise<string | undefined> {
  if (REQUESTED) return await buildNative("release", Deno.build.arch);
  const path = await findNativeLibrary();
  if (!path) {
    const advice = "no libcontivovs.so: run deno task build:native, or set CI_NATIVE=1";
    Deno.test(`NOT TESTED: ${what} (${advice})`, async () => {
      equal(await findNativeLibrary(), undefined);
    });
  }
  return path;
}

/** The directory of the fuzz targets; undefined, and said: not asked for. */
export async function builtFuzzTargets(): Promise<string | undefined> {
  if (REQUESTED) return await buildNative("fuzz", Deno.build.arch);
  Deno.test("NOT TESTED: the native library under sanitizers and fuzzing (set CI_NATIVE=1)", () => {
    equal(REQUESTED, false);
  });
  return undefined;
}
