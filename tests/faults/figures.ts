/**
 * What probes between two containers saw, and how it is told.
 * @module
 */

export interface PingFigures {
  readonly sent: number;
  /** Requests without a reply, before the last reply that came. */
  readonly lost: number;
  /** Longest time between two replies, ms. */
  readonly gap: number;
}

export interface StreamFigures {
  readonly sent: number;
  readonly echoed: number;
  /** Longest time between two echoes, ms. */
  readonly stall: number;
  readonly broken?: string;
}

export interface TcpFigures {
  readonly stream: StreamFigures;
  readonly connections: {
    readonly tried: number;
    readonly failed: number;
    /** Of those that were made, ms. */
    readonly slowest: number;
  };
}

export interface Figures extends TcpFigures {
  readonly ping: PingFigures;
}

/** What iputils' `ping -D` printed. One reply may be under way when it is told to stop: nothing after the last reply counts. */
export function pingFigures(text: string): PingFigures {
  const replies = [...text.matchAll(/^\[(\d+\.\d+)\] .*icmp_seq=(\d+) .*time=/gm)];
  const times = replies.map(([, time]) => Number(time) * 1000);
  const sequences = new Set(replies.map(([, , sequence]) => Number(sequence)));
  const last = Math.max(0, ...sequences);
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? time));
  return { sent: last, lost: last - sequences.size, gap: Math.round(Math.max(0, ...gaps)) };
}

export function tell({ ping, stream, connections }: Figures): string {
  return `ping lost ${ping.lost}/${ping.sent}, gap ${ping.gap} ms; ` +
    `stream ${stream.broken ?? `${stream.echoed}/${stream.sent}, stall ${stream.stall} ms`}; ` +
    `connections failed ${connections.failed}/${connections.tried}, slowest ${connections.slowest} ms`;
}
