import assert from "node:assert/strict";
import { table } from "./table.ts";

Deno.test("table pads every column but the last when cells are not terminated", () => {
  assert.equal(
    table(["A", "Name"], [["x", ""], ["long", "y"]]),
    "A     Name\n-     ----\nx     \nlong  y\n",
  );
});

Deno.test("table pads the last column when cells are terminated", () => {
  assert.equal(
    table(["Name"], [["default"]], { dashes: [6], terminated: true }),
    "Name     \n------   \ndefault  \n",
  );
});

Deno.test("table counts code points when a cell is not ASCII", () => {
  assert.equal(table(["A", "B"], [["é😀", "x"]]), "A   B\n-   -\né😀  x\n");
});
