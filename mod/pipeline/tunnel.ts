/**
 * How a packet is told to go through the tunnel: the fields of its outer header that the one VXLAN port takes from the flow
 * (ovs-fields(7), "Tunnel Fields").
 * @module
 */
import { setField } from "./syntax.ts";

/** Into the network `vni`, to the host with tunnel address `vtep`. */
export function toTunnel(vni: number, vtep: string): string[] {
  return [
    setField(`0x${vni.toString(16)}`, "tun_id"),
    setField(vtep, vtep.includes(":") ? "tun_ipv6_dst" : "tun_dst"),
  ];
}

/** Matches packets that came through a tunnel from `vtep`. */
export function fromTunnel(vtep: string): string {
  return `${vtep.includes(":") ? "tun_ipv6_src" : "tun_src"}=${vtep}`;
}
