/**
 * What a command of `ctl` may touch of the process it runs in: everything else it does goes through HTTP.
 * @module
 */
export interface CtlIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws Deno.errors.NotFound when there is no such file. Default: Deno's. */
  readTextFile?(path: string): Promise<string>;
  /** Whether standard error is a terminal. Default: no. */
  readonly isTerminal?: boolean;
  /** How the user called us, as shown in help: `contiv ctl` (default) or `netctl`. */
  readonly programName?: string;
  /** Default: the system's clock. */
  now?(): Date;
}
