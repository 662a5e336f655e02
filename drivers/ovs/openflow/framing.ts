/**
 * Cuts the bytes of a connection into OpenFlow messages. The length of a message has 16 bits, so no more than 64 KiB is ever held back.
 * @module
 */
import { HEADER_BYTES, type Message } from "./message.ts";

const LONGEST = 0xffff;

export class Framing {
  /** The beginning of a message whose rest has not come. */
  readonly #held = new Uint8Array(LONGEST);
  #count = 0;

  /**
   * The messages that `chunk` completes, as copies. Throws RangeError at a length that cannot be: from then on the stream has no
   * meaning, and the connection must end.
   */
  push(chunk: Uint8Array): Message[] {
    const messages: Message[] = [];
    let at = 0;
    while (at < chunk.length) {
      const wanted = this.#wanted();
      const part = chunk.subarray(at, at + wanted - this.#count);
      this.#held.set(part, this.#count);
      this.#count += part.length;
      at += part.length;
      if (this.#count >= HEADER_BYTES && this.#count === this.#length()) {
        messages.push(this.#held.slice(0, this.#count));
        this.#count = 0;
      }
    }
    return messages;
  }

  /** First the header, then all that it announces. */
  #wanted(): number {
    return this.#count < HEADER_BYTES ? HEADER_BYTES : this.#length();
  }

  #length(): number {
    const length = ((this.#held[2] ?? 0) << 8) | (this.#held[3] ?? 0);
    if (length < HEADER_BYTES) throw new RangeError(`an OpenFlow message of ${length} bytes`);
    return length;
  }
}
