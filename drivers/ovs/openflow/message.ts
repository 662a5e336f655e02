/**
 * The envelope of OpenFlow 1.5 messages (OpenFlow 1.5.1 §7.1.1): header, hello, echo. What is inside the others is the codec's business.
 * Pure.
 * @module
 */

/** OpenFlow 1.5, the one version we speak. */
export const VERSION = 6;
export const HEADER_BYTES = 8;

/** OFPT_* of the messages that the connection itself must know. */
export const Type = {
  HELLO: 0,
  ERROR: 1,
  ECHO_REQUEST: 2,
  ECHO_REPLY: 3,
  PORT_STATUS: 12,
  MULTIPART_REPLY: 19,
  BARRIER_REPLY: 21,
  BUNDLE_CONTROL: 33,
} as const;

/** OFPHET_VERSIONBITMAP */
const VERSION_BITMAP = 1;

/** One whole message, header included; at most 65,535 bytes. */
export type Message = Uint8Array<ArrayBuffer>;

export function typeOf(message: Message): number {
  return message[1] ?? 0;
}

/** The transaction id: replies and errors carry that of the request. */
export function xidOf(message: Message): number {
  return view(message).getUint32(4);
}

export function makeMessage(type: number, xid: number, body: Uint8Array): Message {
  const message = new Uint8Array(HEADER_BYTES + body.length);
  const header = view(message);
  header.setUint8(0, VERSION);
  header.setUint8(1, type);
  header.setUint16(2, message.length);
  header.setUint32(4, xid);
  message.set(body, HEADER_BYTES);
  return message;
}

/** Offers just our version. */
export function hello(xid: number): Message {
  const body = new Uint8Array(8);
  const element = new DataView(body.buffer);
  element.setUint16(0, VERSION_BITMAP);
  element.setUint16(2, body.length);
  element.setUint32(4, 1 << VERSION);
  return makeMessage(Type.HELLO, xid, body);
}

export function echoReply(request: Message): Message {
  return makeMessage(Type.ECHO_REPLY, xidOf(request), request.subarray(HEADER_BYTES));
}

/** Whether the sender of this hello speaks our version: by its bitmap, or, without one, by the header, which names the highest. */
export function offersVersion(message: Message): boolean {
  const bytes = view(message);
  for (let at = HEADER_BYTES; at + 8 <= message.length;) {
    const length = bytes.getUint16(at + 2);
    if (bytes.getUint16(at) === VERSION_BITMAP && length >= 8) {
      return (bytes.getUint32(at + 4) & (1 << VERSION)) !== 0;
    }
    // Elements are padded to 8 bytes; a length of 0 would never end.
    at += Math.max(8, Math.ceil(length / 8) * 8);
  }
  return (message[0] ?? 0) >= VERSION;
}

function view(message: Message): DataView<ArrayBuffer> {
  return new DataView(message.buffer, message.byteOffset, message.byteLength);
}
