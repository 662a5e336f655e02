/**
 * A wall clock of its own for the programs that are started with it, to be stepped while they run (libfaketime). Time that only goes on
 * (CLOCK_MONOTONIC) stays the machine's, as when a machine's clock is set.
 * @module
 */
import { FAKE_TIME } from "../run/packages.ts";

export class SteppedClock {
  /** The file is the clock's own. */
  constructor(private readonly file: string) {
    this.step(0);
  }

  /** The environment of the programs. */
  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: FAKE_TIME,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** Seconds that it is ahead of the machine's from now on. */
  step(seconds: number): void {
    Deno.writeTextFileSync(this.file, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  }
}
