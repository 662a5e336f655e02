/**
 * Tables as netctl prints them, byte for byte: Go's text/tabwriter with padding 2, which pads every cell but the last of a line.
 * @module
 */
const PADDING = 2;

/**
 * `headings`, a line of dashes under each, and the rows. `dashes` is needed where the original's dashes are not as long as the heading;
 * `terminated` tables pad the last column too.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly dashes?: readonly number[]; readonly terminated?: boolean } = {},
): string {
  const dashes = headings.map((heading, column) =>
    "-".repeat(options.dashes?.[column] ?? heading.length)
  );
  const lines = [headings, dashes, ...rows];
  const padded = options.terminated ? headings.length : headings.length - 1;
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => width(line[column] ?? ""))) + PADDING
  );
  return lines.map((line) => tableLine(line, widths, padded)).join("");
}

function tableLine(
  line: readonly string[],
  widths: readonly number[],
  padded: number,
): string {
  const cells = widths.map((columnWidth, column) => {
    const cell = line[column] ?? "";
    return column < padded ? cell + " ".repeat(columnWidth - width(cell)) : cell;
  });
  return cells.join("") + "\n";
}

/** Tabwriter counts code points, not bytes and not terminal cells. */
function width(text: string): number {
  return [...text].length;
}
