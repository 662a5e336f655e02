/**
 * Packets to send as lines, as `ovs-ofctl bundle` reads them. Pure.
 * @module
 */
import { type PacketOut, SwitchError } from "../../mod/agent/switch.ts";

const ETHERNET_BYTES = 14;
const TAG_BYTES = 4;
const PAYLOAD_BYTES = 1_500;
/** EtherTypes of 802.1Q and 802.1ad tags. */
const TAGS: readonly number[] = [0x8100, 0x88a8];

/** Throws SwitchError "packet-refused" when the frame is none, or too long. */
export function packetLine({ frame, inPort, actions }: PacketOut): string {
  const header = headerBytes(frame);
  if (frame.length < header || frame.length > header + PAYLOAD_BYTES) {
    throw new SwitchError(
      "packet-refused",
      `cannot send a frame of ${frame.length} bytes: it must have ${header} to ${
        header + PAYLOAD_BYTES
      }`,
    );
  }
  return `packet-out in_port=${inPort},packet=${frame.toHex()},actions=${
    actions.join(",") || "drop"
  }`;
}

function headerBytes(frame: Uint8Array): number {
  let at = ETHERNET_BYTES;
  while (TAGS.includes(((frame[at - 2] ?? 0) << 8) | (frame[at - 1] ?? 0))) at += TAG_BYTES;
  return at;
}
