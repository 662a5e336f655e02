/**
 * A role's option as data: one row gives the flag, its older names, its environment variable, its default and what it *is*; parsing
 * and help both come from the rows, so neither can forget one.
 * @module
 */
export interface Option {
  /** Name in the settings: the canonical flag without dashes. */
  readonly name: string;
  /** Other spellings, of both generations of the original. */
  readonly aliases?: readonly string[];
  /** Environment variable, after the role's prefix (CONTIV_NETMASTER_ or CONTIV_NETPLUGIN_), as the original named it. */
  readonly environment?: string;
  /** Other environment variables, by their whole names: settings of the original's managed Docker plugin. */
  readonly variables?: readonly string[];
  /** Options of one such group say the same in other ways: two of them are refused, and one on the command line beats the environment's. */
  readonly alternatives?: string;
  /** A switch takes no value. */
  readonly kind: "text" | "switch";
  /** What a value looks like, in help: `IP:PORT`. */
  readonly value?: string;
  /** Absent: none, and the option is then not set. */
  readonly default?: string;
  /** What it is, its unit, when to change it. One or two sentences. */
  readonly help: string;
}

/** Options by name, as text: what the user said, else the environment, else the default. */
export type OptionValues = ReadonlyMap<string, string>;

/** An unknown option, a value that cannot be used: names it and says what would do. Exit status 22 (EINVAL), as the original. */
export class OptionError extends Error {
  override readonly name = "OptionError";
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}
