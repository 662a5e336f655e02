/**
 * What we ask of a connection's asynchronous messages: a management connection gets none until it asks (OpenFlow 1.5.1 §7.3.2 and
 * §7.3.10; ovs-vswitchd: topics/design, "Asynchronous Messages"). We take port status, and no packet or flow removal. Pure.
 * @module
 */
import { makeMessage, type Message } from "./message.ts";

const SET_CONFIG = 9;
const SET_ASYNC = 28;
/** OFPACPT_PACKET_IN_MASTER, OFPACPT_FLOW_REMOVED_MASTER: of a connection that is no slave. */
const UNWANTED = [1, 5] as const;
const PROPERTY_BYTES = 8;

/** Two messages, to be sent once after the hellos. Without an error there is no answer. */
export function askForPortStatus(xid: number): readonly Message[] {
  // miss_send_len other than 0 makes Open vSwitch send asynchronous messages; no packet is among them, so its value does not matter.
  const config = new Uint8Array([0, 0, 0, 128]);
  const masks = new Uint8Array(UNWANTED.length * PROPERTY_BYTES);
  UNWANTED.forEach((property, index) => {
    const view = new DataView(masks.buffer, index * PROPERTY_BYTES);
    view.setUint16(0, property);
    view.setUint16(2, PROPERTY_BYTES);
    view.setUint32(4, 0);
  });
  // The masks first: not even one packet is to come.
  return [makeMessage(SET_ASYNC, xid, masks), makeMessage(SET_CONFIG, xid, config)];
}
