/**
 * The one error of `ctl`: what to print on standard error, and the exit code.
 * @module
 */
import type { ExitCode } from "../exit_code.ts";

export class CtlError extends Error {
  override readonly name = "CtlError";
  /** The lines of `message` after the first are advice. */
  constructor(readonly exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}

/** The command line is wrong: the command's help is shown beside the message. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
