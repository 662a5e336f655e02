/**
 * What lets containers out: forwarding, NAT rules, and how large a packet may be.
 * @module
 */
import { vxlanOverhead } from "../../../mod/agent/host_facts.ts";
import type { Facts } from "../facts.ts";
import { fail, type Finding, ok, warn } from "../finding.ts";

/** The smallest MTU that IPv6 allows (RFC 8200, section 5). */
const IPV6_MINIMUM = 1280;
const NOT_UNDERLAY = /^(lo$|docker|br-|veth|vvport|vport|contiv)/;

export function checkRouting(
  facts: Pick<Facts, "forwarding" | "iptables" | "addresses" | "routes" | "vtepAddress">,
): Finding[] {
  return [
    forwarding(facts.forwarding),
    nat(facts.iptables),
    wayOut(facts.routes),
    mtu(facts),
  ];
}

function forwarding({ ipv4, ipv6 }: Facts["forwarding"]): Finding {
  const off = [...(ipv4 ? [] : ["IPv4"]), ...(ipv6 ? [] : ["IPv6"])];
  return off.length
    ? ok("forwarding", `off for ${off.join(" and ")}; \`contiv up\` turns it on`)
    : ok("forwarding", "on for IPv4 and IPv6");
}

function nat(iptables: Facts["iptables"]): Finding {
  return "value" in iptables ? ok("NAT", iptables.value) : fail(
    "NAT",
    `iptables cannot be used, so containers cannot reach the outside: ${iptables.error}`,
    "sudo apt-get install iptables",
  );
}

function wayOut(routes: Facts["routes"]): Finding {
  const route = routes.find(({ prefix }) => prefix === "default");
  return route
    ? ok("way out", `default route by ${route.link}`)
    : warn("way out", "no default route: containers reach only what the host reaches");
}

/** Of the link that has the VTEP address; where none has, of the smallest. */
function mtu({ addresses, vtepAddress }: Pick<Facts, "addresses" | "vtepAddress">): Finding {
  const links = addresses.filter(({ link }) => !NOT_UNDERLAY.test(link));
  if (links.length === 0) {
    return warn("MTU", "no link with an address, so no tunnels to other hosts");
  }
  const underlay = links.find(({ address }) => address === vtepAddress) ??
    links.reduce((least, link) => link.mtu < least.mtu ? link : least);
  const overhead = vxlanOverhead(vtepAddress);
  const inside = underlay.mtu - overhead;
  const finding = `${underlay.mtu} on ${underlay.link}, which leaves containers ${inside}`;
  return inside < IPV6_MINIMUM
    ? warn(
      "MTU",
      `${finding}: too little for IPv6`,
      `sudo ip link set ${underlay.link} mtu ${IPV6_MINIMUM + overhead}`,
    )
    : ok("MTU", finding);
}
