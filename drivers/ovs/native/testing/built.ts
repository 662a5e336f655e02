/**
 * The native parts for tests that need them: made when they are not there yet, which takes a minute or two. Where they cannot be made,
 * the test file fails and says what to install.
 * @module
 */
import { buildNative } from "../build.ts";

/** The path of the library. */
export function builtLibrary(): Promise<string> {
  return buildNative("release", Deno.build.arch);
}

/** The directory of the fuzz targets. */
export function builtFuzzTargets(): Promise<string> {
  return buildNative("fuzz", Deno.build.arch);
}
