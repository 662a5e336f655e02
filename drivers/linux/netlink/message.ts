/**
 * Builds netlink messages into one growing, reusable buffer: header, fixed part, attributes (RFC 3549 §2.2–2.3). Several messages
 * make a batch. Host byte order, which is little-endian on every platform that Deno runs on.
 * @module
 */
import { NLM_F_ACK, NLM_F_REQUEST } from "./constants.ts";

const HEADER_BYTES = 16;
const encoder = new TextEncoder();

const aligned = (length: number): number => (length + 3) & ~3;

export class MessageBuilder {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  #count = 0;

  /** What was built: valid until the next `add` or `clear`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#length = 0;
    this.#count = 0;
  }

  /** Appends one message; `fill` writes its fixed part and attributes. An acknowledgement is always asked for. */
  add(type: number, flags: number, sequence: number, fill: (message: this) => void): this {
    const start = this.#length;
    this.#reserve(HEADER_BYTES);
    this.#length += HEADER_BYTES;
    fill(this);
    this.#view.setUint32(start, this.#length - start, true);
    this.#view.setUint16(start + 4, type, true);
    this.#view.setUint16(start + 6, flags | NLM_F_REQUEST | NLM_F_ACK, true);
    this.#view.setUint32(start + 8, sequence, true);
    this.#view.setUint32(start + 12, 0, true);
    this.#count++;
    return this;
  }

  /** Raw bytes of a fixed part, padded to four. */
  raw(bytes: ArrayLike<number>): this {
    this.#reserve(aligned(bytes.length));
    this.#bytes.set(bytes, this.#length);
    this.#length += aligned(bytes.length);
    return this;
  }

  attribute(type: number, value: ArrayLike<number>): this {
    const length = 4 + value.length;
    this.#reserve(aligned(length));
    this.#view.setUint16(this.#length, length, true);
    this.#view.setUint16(this.#length + 2, type, true);
    this.#bytes.set(value, this.#length + 4);
    this.#length += aligned(length);
    return this;
  }

  u8(type: number, value: number): this {
    return this.attribute(type, [value]);
  }

  u32(type: number, value: number): this {
    return this.attribute(type, littleEndian32(value));
  }

  /** NUL-terminated. */
  text(type: number, value: string): this {
    return this.attribute(type, encoder.encode(value + "\0"));
  }

  nested(type: number, fill: (message: this) => void): this {
    this.#reserve(4);
    const start = this.#length;
    this.#length += 4;
    fill(this);
    this.#view.setUint16(start, this.#length - start, true);
    this.#view.setUint16(start + 2, type, true);
    return this;
  }

  /** Makes room for `more` bytes, all zero: padding must not carry what an earlier message left there. */
  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#bytes.fill(0, this.#length, needed);
  }
}

export function littleEndian32(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}
