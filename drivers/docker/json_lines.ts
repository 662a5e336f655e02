/**
 * Streams of JSON values, one a line, as the Docker Engine sends its events.
 * @module
 */
import type { z } from "zod";
import { DockerError } from "./error.ts";

/** The longest line accepted, in characters: an event with many labels is some kilobytes. */
const LONGEST_LINE = 1024 * 1024;

/** Ends when the stream ends, breaks or is aborted. Lines that do not fit the schema are an error: "failed". */
export async function* jsonLines<T>(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  // Aborting a fetch does not reliably end a read of its body that is under way.
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  let rest = "";
  try {
    while (!signal.aborted) {
      const { value: chunk, done } = await reader.read();
      if (done) return;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) throw new DockerError("failed", "an event has no end");
      for (const line of lines) {
        if (line.trim() !== "") yield parseLine(line, schema);
      }
    }
  } catch (error) {
    if (error instanceof DockerError) throw error;
    // A connection that breaks, or is aborted, ends the stream: whoever follows it connects again.
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

function parseLine<T>(line: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    throw new DockerError("failed", "an event of the Docker engine is not understood", { cause });
  }
}
