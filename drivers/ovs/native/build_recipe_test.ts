import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { keyOf, libraryFlags, linkFlags, shimFlags, toolchain } from "./build_recipe.ts";

Deno.test("key of a build depends on each text and on where one ends", async () => {
  const key = await keyOf("a", "b");
  match(key, /^[0-9a-f]{16}$/);
  equal(await keyOf("a", "b"), key);
  for (const texts of [["a", "c"], ["ab", ""], ["a"], ["b", "a"]]) {
    notEqual(await keyOf(...texts), key);
  }
});

Deno.test("toolchain is the machine's own, or Debian's for the other one", () => {
  equal(toolchain("release", "aarch64", "aarch64").compiler, "gcc");
  equal(toolchain("release", "aarch64", "aarch64").host, undefined);
  const cross = toolchain("release", "aarch64", "x86_64");
  deepEqual([cross.compiler, cross.host], ["aarch64-linux-gnu-gcc", "aarch64-linux-gnu"]);
  equal(cross.needs[cross.compiler], "gcc-aarch64-linux-gnu libc6-dev-arm64-cross");
  const back = toolchain("release", "x86_64", "aarch64");
  equal(back.needs[back.compiler], "gcc-x86-64-linux-gnu libc6-dev-amd64-cross");
  equal(toolchain("fuzz", "x86_64", "x86_64").compiler, "clang");
});

Deno.test("flags make warnings errors, and only fuzz targets carry sanitizers", () => {
  for (const variant of ["release", "fuzz"] as const) {
    const flags = shimFlags(variant, "/source", "/build");
    ok(flags.includes("-Werror") && flags.includes("/source/include"));
    equal(flags.some((flag) => flag.includes("sanitize")), variant === "fuzz");
    equal(libraryFlags(variant).includes("sanitize"), variant === "fuzz");
  }
  match(linkFlags("map").join(" "), /nodelete.*--version-script=map/);
});
