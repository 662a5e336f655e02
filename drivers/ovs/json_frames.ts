/**
 * Finds the JSON objects in a stream of bytes that carries one after another without a separator (JSON-RPC 1.0 as RFC 7047 §4 uses
 * it), however the stream was cut. Refuses what is too long, too deep or no object.
 * @module
 */
import { SwitchError } from "../../mod/agent/switch.ts";

/** A full monitor of some ten thousand ports is about 8 MiB. */
export const FRAME_LIMIT_BYTES = 64 * 1024 * 1024;
const DEPTH_LIMIT = 64;

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN_BRACE = 0x7b, CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b, CLOSE_BRACKET = 0x5d;

export class JsonFrames {
  /** Bytes of the object that has begun, from earlier pushes. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(private readonly limitBytes = FRAME_LIMIT_BYTES) {}

  /** The objects that `chunk` completes. Throws SwitchError "protocol"; the stream is then lost. */
  push(chunk: Uint8Array): Record<string, unknown>[] {
    const frames: Record<string, unknown>[] = [];
    // Where the present object begins within this chunk; -1: between objects.
    let start = this.#depth > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (start < 0) {
        if (isSpace(byte)) continue;
        if (byte !== OPEN_BRACE) throw malformed(`byte ${byte} where an object must begin`);
        start = at;
      }
      this.#scan(byte);
      if (this.#depth === 0) {
        frames.push(this.#take(chunk.subarray(start, at + 1)));
        start = -1;
      }
    }
    if (start >= 0) this.#keep(chunk.slice(start));
    return frames;
  }

  /** Multi-byte UTF-8 never contains an ASCII byte, so structure shows in single bytes. */
  #scan(byte: number): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
    } else if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++this.#depth > DEPTH_LIMIT) throw malformed(`nested deeper than ${DEPTH_LIMIT}`);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth--;
  }

  #keep(part: Uint8Array): void {
    this.#begunBytes += part.length;
    if (this.#begunBytes > this.limitBytes) throw malformed(`longer than ${this.limitBytes} bytes`);
    this.#begun.push(part);
  }

  #take(last: Uint8Array): Record<string, unknown> {
    this.#keep(last);
    const bytes = this.#begun.length === 1 ? last : concatenate(this.#begun, this.#begunBytes);
    this.#begun = [];
    this.#begunBytes = 0;
    try {
      // A text that begins with a brace parses to an object or not at all.
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (cause) {
      throw malformed("not JSON", cause);
    }
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function malformed(what: string, cause?: unknown): SwitchError {
  return new SwitchError("protocol", `Open vSwitch sent a malformed JSON-RPC message: ${what}`, {
    cause,
  });
}
