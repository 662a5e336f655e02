/**
 * The options of `contiv master`, `contiv plugin` and `contiv up`: the original's flags and environment variables of both generations,
 * and ours. What a VLAN uplink or a VTEP address *is* stands here, where help is made from.
 * @module
 */
import type { Option } from "./option.ts";
import { STORE_OPTIONS } from "./store_options.ts";

const COMMON: readonly Option[] = [
  {
    name: "mode",
    aliases: ["plugin-mode", "cluster-mode"],
    environment: "MODE",
    kind: "text",
    value: "docker",
    default: "docker",
    help: 'What starts the containers. "docker": Docker engines outside of swarm.',
  },
  {
    name: "netmode",
    aliases: ["network-mode"],
    environment: "NET_MODE",
    kind: "text",
    value: "MODE",
    default: "vxlan",
    help:
      'How packets travel between hosts. "vxlan": inside UDP, over any IP network. "vlan": networks may also be VLANs of the ' +
      "physical network, with --fwdmode=bridge. Each network says which it is (--encap).",
  },
  {
    name: "fwdmode",
    aliases: ["forward-mode", "fwd-mode"],
    environment: "FORWARD_MODE",
    kind: "text",
    value: "MODE",
    default: "routing",
    help:
      'What the switch does with them. "routing": every host routes between the networks of a tenant. "bridge": each network is a segment, whose gateway is a machine of yours. All hosts of a cluster do the same.',
  },
  ...STORE_OPTIONS,
  {
    name: "log-level",
    environment: "LOG_LEVEL",
    kind: "text",
    value: "LEVEL",
    default: "INFO",
    help: "The least serious messages to show: DEBUG, INFO, WARN or ERROR.",
  },
  { name: "debug", kind: "switch", help: "The same as --log-level=DEBUG." },
  {
    name: "use-json-log",
    aliases: ["json-log"],
    environment: "USE_JSON_LOG",
    kind: "switch",
    help: "Log one JSON object a line in place of text.",
  },
  {
    name: "use-syslog",
    aliases: ["syslog"],
    environment: "USE_SYSLOG",
    kind: "switch",
    help: "Send the log to --syslog-url too.",
  },
  {
    name: "syslog-url",
    environment: "SYSLOG_URL",
    kind: "text",
    value: "udp://HOST:PORT",
    default: "udp://127.0.0.1:514",
    help: "The syslog server for --use-syslog.",
  },
];

const MASTER: readonly Option[] = [
  {
    name: "infra",
    aliases: ["infra-type"],
    environment: "INFRA",
    kind: "text",
    value: "default",
    default: "default",
    help: 'The fabric under the hosts. "default": any.',
  },
  {
    name: "external-address",
    aliases: ["listen-url"],
    environment: "EXTERNAL_ADDRESS",
    kind: "text",
    value: "IP:PORT",
    default: "127.0.0.1:9999",
    help:
      "Where the REST API listens. It has no login of its own: anybody who reaches it can change every network. " +
      '":9999" or 0.0.0.0:9999 listens on all of the host\'s addresses.',
  },
  {
    name: "internal-address",
    aliases: ["control-url"],
    environment: "INTERNAL_ADDRESS",
    kind: "text",
    value: "IP:PORT",
    help:
      "The address under which other hosts reach this master. The default is that of --external-address, or the first address of the host where that is all of them or loopback.",
  },
  {
    name: "leader-ttl",
    environment: "LEADER_TTL",
    kind: "text",
    value: "SECONDS",
    default: "10",
    help:
      "How long after the death of the master that leads another one does, 3 to 60. Every master serves reads and writes; " +
      "the leader alone does what must be done once.",
  },
  {
    name: "host-grace",
    environment: "HOST_GRACE",
    kind: "text",
    value: "TIME",
    default: "24h",
    help:
      "How long a host's agent may be gone before the host's endpoints are removed and their addresses are free: 90s, 30m, 24h, 7d or never.",
  },
];

const PLUGIN: readonly Option[] = [
  {
    name: "host",
    aliases: ["host-label"],
    environment: "HOST",
    kind: "text",
    value: "NAME",
    help:
      "This host's name in the store: unique in the cluster, and the same after every restart. The default is the kernel's host name.",
  },
  {
    name: "vtep-ip",
    environment: "VTEP_IP",
    kind: "text",
    value: "IP",
    help:
      "The VXLAN tunnel end point: the address of this host that other hosts send their tunnelled packets to. The default is the host's first address.",
  },
  {
    name: "ctrl-ip",
    environment: "CONTROL_IP",
    kind: "text",
    value: "IP",
    help:
      "The address of this host that masters and other hosts talk to it on. The default is the host's first address.",
  },
  {
    name: "vlan-uplinks",
    aliases: ["vlan-if"],
    environment: "VLAN_UPLINKS",
    kind: "text",
    value: "NIC,NIC",
    help:
      "The network cards that connect VLAN networks to the physical switches; several become one bond. They carry tagged frames only: " +
      "a card that has an address is refused. Only for --fwdmode=bridge.",
  },
  {
    name: "uplink-bond",
    environment: "UPLINK_BOND",
    kind: "text",
    value: "MODE",
    default: "balance-tcp",
    help:
      'How several cards of --vlan-uplinks share the load. "balance-tcp": by connection, with LACP, and while the physical switch does not ' +
      'speak it, as "active-backup": one carries all. "balance-slb": by source, without LACP.',
  },
  {
    name: "vxlan-port",
    environment: "VXLAN_PORT",
    kind: "text",
    value: "PORT",
    default: "4789",
    help: "The UDP port of the tunnels, the same on every host.",
  },
  {
    name: "dns-server",
    kind: "text",
    value: "ADDRESS,…",
    help:
      "Whom this host's name server asks for names that are not containers'; default: the name servers of /etc/resolv.conf.",
  },
  {
    name: "ovs-run-directory",
    kind: "text",
    value: "DIR",
    default: "/run/openvswitch",
    help: "Where Open vSwitch has its sockets (db.sock, contiv0.mgmt).",
  },
  {
    name: "datapath",
    kind: "text",
    value: "TYPE",
    default: "auto",
    help:
      '"system": Open vSwitch\'s kernel module. "netdev": userspace. "auto": the kernel module where there is one.',
  },
  {
    name: "run-directory",
    kind: "text",
    value: "DIR",
    default: "/run/contiv",
    help:
      "Where the agent puts its own socket, agent.sock, which `contiv ctl endpoint attach` uses.",
  },
  {
    name: "name",
    aliases: ["plugin-name"],
    environment: "PLUGIN_NAME",
    kind: "text",
    value: "NAME",
    default: "netplugin",
    help: "The name that Docker knows the driver by (`docker network create -d NAME`).",
  },
  {
    name: "plugin-socket",
    kind: "text",
    value: "PATH",
    help:
      "Where Docker finds the driver; the file's name is the driver's, with .sock. \"none\": no Docker driver. " +
      "The default is /run/docker/plugins/NAME.sock, NAME being --name.",
  },
  {
    name: "docker-socket",
    kind: "text",
    value: "PATH",
    default: "/var/run/docker.sock",
    help: 'The engine in which networks and groups are made to appear. "none": no engine.',
  },
  {
    name: "docker-scope",
    kind: "text",
    value: "SCOPE",
    default: "local",
    help:
      '"local": each Docker engine has networks of its own, and every host\'s agent keeps those of its engine. "global": the engines ' +
      "share theirs through Docker's cluster store (dockerd --cluster-store, gone since Docker 23).",
  },
];

export const MASTER_OPTIONS: readonly Option[] = [...COMMON, ...MASTER];
export const PLUGIN_OPTIONS: readonly Option[] = [...COMMON, ...PLUGIN];
export const UP_OPTIONS: readonly Option[] = [...COMMON, ...MASTER, ...PLUGIN];
