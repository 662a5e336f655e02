/**
 * How long the event loop stands still: a timer of 1 ms that notes how late it comes.
 * @module
 */

/** Milliseconds that the timer came too late, each time since the last `take`. */
export function watchLoop(): { take(): number[]; stop(): void } {
  const late: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(Math.max(0, now - last - 1));
    last = now;
  }, 1);
  return {
    take: () => late.splice(0),
    stop: () => clearInterval(timer),
  };
}
