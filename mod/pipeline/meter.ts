/**
 * A meter as data (OpenFlow 1.5, section 5.7): one band that drops what exceeds a rate.
 * @module
 */

export interface Meter {
  /** 1–65535. */
  readonly id: number;
  /** Kilobits a second. */
  readonly rate: number;
  /** Kilobits that may pass at once. */
  readonly burst: number;
}

/** `meter=7,kbps,burst,band=type=drop,rate=1000,burst_size=200`, as `ovs-ofctl add-meter` reads it. */
export function formatMeter({ id, rate, burst }: Meter): string {
  return `meter=${id},kbps,burst,band=type=drop,rate=${rate},burst_size=${burst}`;
}
