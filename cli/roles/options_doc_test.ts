/** docs/options.md has every option of the roles, as its row says it, and no other. */
import assert from "node:assert/strict";
import type { Option } from "./option.ts";
import { MASTER_OPTIONS, PLUGIN_OPTIONS, UP_OPTIONS } from "./options.ts";

const page = oneLine(await Deno.readTextFile(new URL("../../docs/options.md", import.meta.url)));

/** Where lines are broken, and what a formatter escapes, does not matter. */
function oneLine(text: string): string {
  return text.replace(/\\(?=[_*<])/g, "").replace(/\s+/g, " ");
}

function entry(
  { name, aliases = [], environment, default: otherwise, value, help }: Option,
): string {
  const facts = [
    ...(aliases.length > 0 ? [`also ${aliases.map((alias) => `\`--${alias}\``).join(", ")}`] : []),
    ...(otherwise ? [`default \`${otherwise}\``] : []),
    ...(environment ? [`environment \`…_${environment}\``] : []),
  ];
  return oneLine(
    `- \`--${name}${value ? ` ${value}` : ""}\`` +
      `${facts.length > 0 ? ` (${facts.join("; ")})` : ""}: ${help}`,
  );
}

const both = MASTER_OPTIONS.filter((option) => PLUGIN_OPTIONS.includes(option));
const sections = {
  "Of every role": both,
  "Of master and up": MASTER_OPTIONS.filter((option) => !both.includes(option)),
  "Of plugin and up": PLUGIN_OPTIONS.filter((option) => !both.includes(option)),
};

for (const [title, options] of Object.entries(sections)) {
  Deno.test(`docs/options.md says of each option what its help says: ${title}`, () => {
    const [, section = ""] = page.split(` ## ${title} `);
    const [own = ""] = section.split(" ## ");
    assert.equal(own.trim(), options.map(entry).join(" "));
  });
}

Deno.test("docs/options.md leaves no option of contiv up out", () => {
  assert.deepEqual(
    new Set(UP_OPTIONS),
    new Set(Object.values(sections).flat()),
  );
});
