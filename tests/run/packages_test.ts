import assert from "node:assert/strict";
import { missingPackages, TEST_NEEDS } from "./packages.ts";

Deno.test("missingPackages names each package once, in order, and only for programs that are absent", () => {
  const there = new Set(TEST_NEEDS.map((need) => need.program));
  assert.deepEqual(missingPackages(TEST_NEEDS, (program) => there.has(program)), []);
  for (const program of ["ovs-vsctl", "ovs-vswitchd", "dockerd", "docker"]) there.delete(program);
  assert.deepEqual(missingPackages(TEST_NEEDS, (program) => there.has(program)), [
    "openvswitch-switch",
    "docker.io",
  ]);
});
