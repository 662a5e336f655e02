/**
 * The host's own part of the desired state: contivh0 and the way out in routing mode, the tunnel port, and what the pipeline has to know
 * of the host. Pure.
 * @module
 */
import type { MasterConfig } from "../model/records.ts";
import type { PipelineHost, PipelineHostAccess } from "../pipeline/input.ts";
import { CLUSTER_ID } from "./cluster_guard.ts";
import type { HostFacts } from "./host_facts.ts";
import type { HostAccessSpec } from "./kernel.ts";
import {
  HOST_PORT_NAME,
  HOST_PORT_NUMBER,
  type PrivateSubnet,
  privateSubnet,
} from "./private_subnet.ts";
import type { PortSpec } from "./switch.ts";
import { uplinkNumbers, uplinkPort } from "./uplinks.ts";

/** OpenFlow port of the one tunnel port, beside contivh0's. */
export const TUNNEL_PORT_NUMBER = 65001;
export const TUNNEL_PORT_NAME = "contiv-vxlan";

/** Absent until the global configuration is in the store. */
export interface DesiredHost {
  readonly pipeline: PipelineHost;
  /** All tunnels go through it; where each ends is said by flows. Wanted when there is somebody at another end. */
  readonly tunnel: PortSpec;
  /** Bridge mode only: what carries VLAN networks to other hosts. */
  readonly uplink?: PortSpec;
  /** Routing mode only: in bridge mode the way out is somebody's on the segment. */
  readonly access?: DesiredAccess;
}

export interface DesiredAccess {
  readonly subnet: PrivateSubnet;
  readonly port: PortSpec;
  readonly spec: HostAccessSpec;
}

export function desiredHost(
  config: MasterConfig | undefined,
  facts: HostFacts,
): DesiredHost | undefined {
  const subnet = config && privateSubnet(config["pvt-subnet"]);
  if (!subnet) return undefined;
  const forwarding = forwardingOf(config);
  const access = forwarding === "routing" ? desiredAccess(subnet, facts) : undefined;
  const uplink = forwarding === "bridge" ? uplinkPort(facts) : undefined;
  return {
    pipeline: {
      forwarding,
      arpMode: config["arp-mode"],
      tunnelPort: TUNNEL_PORT_NUMBER,
      vxlanPort: facts.vxlanPort,
      ...(access ? { access: pipelineAccess(subnet) } : {}),
      ...(uplink && facts.uplinks ? { uplinkPorts: uplinkNumbers(facts.uplinks) } : {}),
    },
    // Out of the reach of NORMAL, which floods a VLAN to every port that is in it.
    tunnel: { ...tunnelPort(facts), ...(forwarding === "bridge" ? { vlan: "none" } : {}) },
    ...(uplink ? { uplink } : {}),
    ...(access ? { access } : {}),
  };
}

/** Unset means routing, the default. */
export function forwardingOf(config: MasterConfig): "routing" | "bridge" {
  return config["fwd-mode"] === "bridge" ? "bridge" : "routing";
}

function pipelineAccess(subnet: PrivateSubnet): PipelineHostAccess {
  return {
    port: HOST_PORT_NUMBER,
    mac: subnet.mac,
    subnet: subnet.prefix,
    address: subnet.address,
    subnet6: subnet.prefix6,
    address6: subnet.address6,
  };
}

function desiredAccess(subnet: PrivateSubnet, facts: HostFacts): DesiredAccess {
  return {
    subnet,
    port: {
      name: HOST_PORT_NAME,
      type: "internal",
      number: HOST_PORT_NUMBER,
      externalIds: {
        "contiv-owner": "host",
        "endpoint-id": "hostcontivh0",
        [CLUSTER_ID]: facts.cluster,
      },
      mac: subnet.mac,
      mtu: facts.mtu,
    },
    spec: {
      link: HOST_PORT_NAME,
      mac: subnet.mac,
      mtu: facts.mtu,
      addresses: [`${subnet.address}/16`, `${subnet.address6}/64`],
      masquerade: [subnet.prefix, subnet.prefix6],
    },
  };
}

/** Packets leave with the VTEP address as their source, whatever the route would choose: other hosts let in no other. */
function tunnelPort({ cluster, vtepAddress, vxlanPort }: HostFacts): PortSpec {
  return {
    name: TUNNEL_PORT_NAME,
    type: "vxlan",
    number: TUNNEL_PORT_NUMBER,
    externalIds: { "contiv-owner": "tunnel", [CLUSTER_ID]: cluster },
    options: {
      remote_ip: "flow",
      local_ip: vtepAddress,
      key: "flow",
      dst_port: String(vxlanPort),
    },
  };
}
