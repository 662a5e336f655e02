import { deepEqual, equal } from "node:assert/strict";
import { formatFlow } from "./flow.ts";
import { endpointFlows, floodGroups, networkFlows, remoteEndpointFlows } from "./pipeline.ts";
import { BRIDGE, BRIDGE_FLOOD, ROUTING, TUNNEL_PORT } from "./testing/cluster.ts";
import { endpoint, LAN } from "./testing/example.ts";
import { type TableName, TABLES } from "./tables.ts";

const HERE = endpoint("lan1", 7, LAN, 1);
const REMOTE = { ...endpoint("lan2", 1, LAN, 2), vtep: "192.0.2.2" };

function inTable(name: TableName, flows: ReturnType<typeof networkFlows>): string[] {
  return flows.filter(({ table }) => table === TABLES[name])
    .map((flow) => formatFlow(flow).replace(/^table=\d+,/, ""));
}

Deno.test("a VLAN network takes its tag from the uplinks, is left to NORMAL, and nothing else", () => {
  deepEqual(networkFlows(LAN, BRIDGE).map(formatFlow), [
    "table=7,priority=100,dl_vlan=100 actions=set_field:0x1->reg0,set_field:0x1000064->reg6,goto_table:20",
    "table=120,priority=100,reg6=0x1000064 actions=set_field:0x2/0x2->reg5,goto_table:140",
  ]);
  const { uplinkPorts: _, ...cut } = BRIDGE;
  deepEqual(networkFlows(LAN, cut).map(({ table }) => table), [TABLES.l2_forward]);
  deepEqual(floodGroups({ network: LAN, ports: [7], vteps: ["192.0.2.2"] }, BRIDGE), []);
});

Deno.test("a VLAN network never enters or leaves by the tunnel, in any mode", () => {
  for (const host of [BRIDGE, BRIDGE_FLOOD, ROUTING]) {
    const flows = [
      ...networkFlows(LAN, host),
      ...endpointFlows(HERE, LAN, host),
      ...remoteEndpointFlows(REMOTE, LAN, host),
    ];
    const text = flows.map(formatFlow).join("\n");
    equal(/tun_|tunnel/.test(text), false);
    equal(text.includes(`${TUNNEL_PORT}`), false);
    deepEqual(inTable("tunnel", flows), []);
  }
});

Deno.test("ARP for an endpoint here is answered to neighbours and to the uplink, for one elsewhere to endpoints only", () => {
  deepEqual(inTable("arp_responder", endpointFlows(HERE, LAN, BRIDGE)), [
    "priority=200,arp,in_port=7,arp_tpa=10.1.3.1 actions=goto_table:120",
    `priority=100,arp,reg6=0x1000064,arp_tpa=10.1.3.1,arp_op=1 actions=set_field:${HERE.mac}->eth_dst,goto_table:22`,
  ]);
  deepEqual(inTable("arp_responder", remoteEndpointFlows(REMOTE, LAN, BRIDGE)), [
    `priority=100,arp,reg1=0x1,reg6=0x1000064,arp_tpa=10.1.3.2,arp_op=1 actions=set_field:${REMOTE.mac}->eth_dst,goto_table:22`,
  ]);
});

Deno.test("a VLAN's ARP is all flooded in ARP mode flood, its neighbour discovery always", () => {
  for (const host of [BRIDGE, BRIDGE_FLOOD]) {
    const flows = [
      ...endpointFlows(HERE, LAN, host),
      ...remoteEndpointFlows(REMOTE, LAN, host),
    ];
    deepEqual(inTable("nd_responder", flows), []);
    equal(inTable("arp_responder", flows).length, host.arpMode === "flood" ? 0 : 3);
  }
});

Deno.test("a sender of a VLAN on another host has its group by its MAC", () => {
  deepEqual(inTable("source_group", remoteEndpointFlows(REMOTE, LAN, BRIDGE)), [
    `priority=100,reg1=0x4,reg6=0x1000064,dl_src=${REMOTE.mac} actions=set_field:0x1->reg2,goto_table:80`,
  ]);
});
