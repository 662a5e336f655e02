/**
 * The source files of the project, by kind.
 * @module
 */
import { join, relative } from "node:path";

export const ROOT = join(import.meta.dirname ?? ".", "..", "..");
const PASSED_OVER = new Set([".git", "node_modules", "dist", "fixtures"]);

/** All .ts files, relative to the root, sorted. */
export function sourceFiles(): string[] {
  const found: string[] = [];
  const visit = (directory: string) => {
    for (const entry of Deno.readDirSync(directory)) {
      if (PASSED_OVER.has(entry.name)) continue;
      const path = join(directory, entry.name);
      if (entry.isDirectory) visit(path);
      else if (entry.isFile && entry.name.endsWith(".ts")) found.push(relative(ROOT, path));
    }
  };
  visit(ROOT);
  return found.sort();
}

/** Needs root, namespaces, Open vSwitch or a Docker engine. */
export function isLabTest(file: string): boolean {
  return file.endsWith("_lab_test.ts");
}

/** Runs as an ordinary user, in milliseconds. */
export function isUnitTest(file: string): boolean {
  return file.endsWith("_test.ts") && !isLabTest(file);
}
