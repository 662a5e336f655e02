/**
 * Where the native library is, once `deno task build:native` has made it.
 * @module
 */
import { join } from "node:path";

/** Beside the code, so as trustworthy as it; under no path that others may write to. */
export const NATIVE_LIBRARY = join(
  import.meta.dirname ?? ".",
  "../../../dist/native/libcontivovs.so",
);

/** Its path; undefined: it was not built. */
export async function findNativeLibrary(): Promise<string | undefined> {
  try {
    return await Deno.realPath(NATIVE_LIBRARY);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
