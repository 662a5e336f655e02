/**
 * Takes netlink messages and attributes apart. Bounds-checked: any bytes yield a (possibly empty) result, never an exception, because what
 * is unknown or cut off is left out.
 * @module
 */
import { NLM_F_ACK_TLVS, NLM_F_CAPPED } from "./constants.ts";

const HEADER_BYTES = 16;
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are flags in an attribute's type. */
const ATTRIBUTE_TYPE_MASK = 0x3fff;
/** NLMSGERR_ATTR_MSG */
const ERROR_TEXT = 1;
const decoder = new TextDecoder();

const aligned = (length: number): number => (length + 3) & ~3;

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** A view of the receive buffer: copy what must outlive it. */
  readonly payload: Uint8Array;
}

export type Attributes = ReadonlyMap<number, Uint8Array>;

/** The messages in one datagram, up to the first malformed one. */
export function* messages(datagram: Uint8Array): Generator<Message> {
  const view = viewOf(datagram);
  for (let at = 0; at + HEADER_BYTES <= datagram.length;) {
    const length = view.getUint32(at, true);
    if (length < HEADER_BYTES || length > datagram.length - at) return;
    yield {
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      payload: datagram.subarray(at + HEADER_BYTES, at + length),
    };
    at += aligned(length);
  }
}

/** Attributes from `offset` on; the last of several with one type wins. */
export function attributes(bytes: Uint8Array, offset = 0): Attributes {
  const found = new Map<number, Uint8Array>();
  const view = viewOf(bytes);
  for (let at = offset; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || length > bytes.length - at) break;
    found.set(
      view.getUint16(at + 2, true) & ATTRIBUTE_TYPE_MASK,
      bytes.subarray(at + 4, at + length),
    );
    at += aligned(length);
  }
  return found;
}

export interface Acknowledgement {
  /** 0: done. */
  readonly errno: number;
  /** The kernel's own words (extended acknowledgement), or empty. */
  readonly text: string;
}

/** The payload of NLMSG_ERROR, or of NLMSG_DONE, which has no copy of the request in it. */
export function acknowledgement(message: Message, hasRequest: boolean): Acknowledgement {
  const { payload, flags } = message;
  if (payload.length < 4) return { errno: 0, text: "" };
  const view = viewOf(payload);
  const errno = Math.abs(view.getInt32(0, true));
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno, text: "" };
  let offset = 4;
  if (hasRequest) {
    if (payload.length < 4 + HEADER_BYTES) return { errno, text: "" };
    const requestBytes = flags & NLM_F_CAPPED ? HEADER_BYTES : view.getUint32(4, true);
    offset += aligned(requestBytes);
  }
  return { errno, text: textOf(attributes(payload, offset).get(ERROR_TEXT)) ?? "" };
}

/** Text up to the first NUL. */
export function textOf(value: Uint8Array | undefined): string | undefined {
  if (!value) return undefined;
  const end = value.indexOf(0);
  return decoder.decode(end < 0 ? value : value.subarray(0, end));
}

export function u32Of(value: Uint8Array | undefined): number | undefined {
  return value && value.length >= 4 ? viewOf(value).getUint32(0, true) : undefined;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
