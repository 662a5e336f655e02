/**
 * Transmit checksum offload of a link, by the ethtool ioctl, which every kernel has (netlink's ethtool came with 5.6).
 * A veth with offload hands over packets whose checksum is still to be filled in; the userspace datapath would forward them as they are.
 * @module
 */
import { errnoOf, kernelError } from "./errno.ts";
import { cString, errno, libc } from "./libc.ts";
import { AF_INET } from "./netlink/constants.ts";

const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCETHTOOL = 0x8946n;
/** linux/ethtool.h */
const ETHTOOL_GTXCSUM = 0x16;
const ETHTOOL_STXCSUM = 0x17;
/** struct ifreq: the name, then (at 16) a pointer to the command. */
const IFREQ_BYTES = 40;
const POINTER_AT = 16;

/** Reads and sets offloads in the network namespace it was opened in. */
export class OffloadSocket {
  readonly #fd: number;
  /** Commands that the kernel is still to read: only a pointer, which keeps nothing alive, leads to them. */
  readonly #commands = new Set<Uint8Array>();

  constructor() {
    this.#fd = libc().socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
    if (this.#fd < 0) throw kernelError(errno(), "open a socket for ethtool");
  }

  close(): void {
    libc().close(this.#fd);
  }

  transmitChecksum(link: string): boolean {
    const { request, command } = ethtoolRequest(link, ETHTOOL_GTXCSUM, 0);
    if (libc().ioctl(this.#fd, SIOCETHTOOL, request) < 0) {
      throw kernelError(errno(), `read transmit checksum offload of ${link}`);
    }
    return new DataView(command.buffer).getUint32(4, true) !== 0;
  }

  /**
   * ETHTOOL_STXCSUM covers the generic, IPv4, IPv6 and SCTP checksum features; segmentation offload (TSO), which depends on them, goes
   * off with them. The setting is the link's own: it outlives a move to another namespace. Waits for RTNL on the pool.
   */
  async setTransmitChecksum(link: string, on: boolean): Promise<void> {
    const { request, command } = ethtoolRequest(link, ETHTOOL_STXCSUM, on ? 1 : 0);
    this.#commands.add(command);
    try {
      if (await libc().ioctlOnPool(this.#fd, SIOCETHTOOL, request) === 0) return;
      // errno stayed behind on the pool's thread; asking again, which changes nothing more, brings it here.
      if (libc().ioctl(this.#fd, SIOCETHTOOL, request) === 0) return;
    } finally {
      this.#commands.delete(command);
    }
    const number = errno();
    const attempted = `turn transmit checksum offload of ${link} ${on ? "on" : "off"}`;
    throw kernelError(number, attempted, number === errnoOf("EOPNOTSUPP") ? "fixed" : "");
  }
}

function ethtoolRequest(link: string, command: number, value: number) {
  const ethtool = new Uint8Array(8);
  const view = new DataView(ethtool.buffer);
  view.setUint32(0, command, true);
  view.setUint32(4, value, true);
  const request = new Uint8Array(IFREQ_BYTES);
  request.set(cString(link));
  const pointer = Deno.UnsafePointer.value(Deno.UnsafePointer.of(ethtool));
  new DataView(request.buffer).setBigUint64(POINTER_AT, BigInt(pointer), true);
  // The command is reachable only through the pointer: whoever holds the request must hold the command, too.
  return { request, command: ethtool };
}
