/**
 * Time that all processes of the machine share and nobody can set: since boot, suspended time included. Leases are counted in it, so
 * that a corrected wall clock neither ends nor prolongs them; one from an earlier boot has no living holder.
 * @module
 */
export interface BootClock {
  /** Names the boot of the machine. */
  readonly boot: string;
  /** Milliseconds since then, to 10 ms. */
  now(): number;
}

/** Reads /proc (proc(5)): some 20 µs a call. */
export function bootClock(): BootClock {
  return {
    boot: Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim(),
    now: () => Math.round(parseFloat(Deno.readTextFileSync("/proc/uptime")) * 1000),
  };
}
