/**
 * The exit codes of every command: the original netctl's, which scripts depend on.
 * @module
 */
export const ExitCode = {
  Ok: 0,
  /** The command line is wrong, or only its help was shown. */
  Usage: 1,
  /** The server could not be reached (`version` only, as in the original). */
  Request: 2,
  /** The server refused the request, or could not be reached. */
  Refused: 3,
  /** A local file could not be read. */
  InputOutput: 4,
} as const;

export type ExitCode = typeof ExitCode[keyof typeof ExitCode];
