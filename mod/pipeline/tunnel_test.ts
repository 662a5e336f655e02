import { deepEqual, equal } from "node:assert/strict";
import { BRIDGE, ROUTING } from "./testing/cluster.ts";
import { HOST, WEB } from "./testing/example.ts";
import { fromTunnel, toTunnel, tunnel } from "./tunnel.ts";

Deno.test("toTunnel and fromTunnel name the outer address by its family", () => {
  const vni = 10001;
  deepEqual(toTunnel(vni, "192.0.2.2"), [
    "set_field:0x2711->tun_id",
    "set_field:192.0.2.2->tun_dst",
  ]);
  deepEqual(toTunnel(vni, "fd00:9::2"), [
    "set_field:0x2711->tun_id",
    "set_field:fd00:9::2->tun_ipv6_dst",
  ]);
  equal(fromTunnel("192.0.2.2"), "tun_src=192.0.2.2");
  equal(fromTunnel("fd00:9::2"), "tun_ipv6_src=fd00:9::2");
});

Deno.test("tunnel leads a network's packets past what their sender's host has done", () => {
  const actions = (host: typeof HOST) => tunnel.network?.(WEB, host).map((flow) => flow.actions);
  deepEqual(actions(HOST), []);
  deepEqual(actions(ROUTING), [["set_field:0x1->reg0", "goto_table:60"]]);
  deepEqual(actions(BRIDGE), [[
    "set_field:0x1->reg0",
    "set_field:0x2711->reg6",
    "goto_table:20",
  ]]);
});
