import { deepEqual, equal, match } from "node:assert/strict";
import type { LinkUse } from "./kernel.ts";
import type { PortState } from "./switch.ts";
import {
  uplinkHindrance,
  uplinkNumbers,
  uplinkPort,
  type Uplinks,
  uplinkTrouble,
  workingUplinks,
} from "./uplinks.ts";

const facts = (uplinks?: Uplinks) => ({
  host: "here",
  cluster: "c",
  datapath: "netdev" as const,
  mtu: 1450,
  vtepAddress: "192.0.2.1",
  vxlanPort: 4789,
  ...(uplinks ? { uplinks } : {}),
});
const one: Uplinks = { links: ["eth2"], bondMode: "balance-tcp" };
const two: Uplinks = { links: ["eth2", "eth3"], bondMode: "balance-tcp" };

Deno.test("one uplink is a trunk under its own name, several are a bond", () => {
  equal(uplinkPort(facts()), undefined);
  const single = uplinkPort(facts(one));
  deepEqual([single?.name, single?.vlan, single?.bond], ["eth2", "all", undefined]);
  const bond = uplinkPort(facts(two));
  deepEqual([bond?.name, bond?.vlan, bond?.bond?.lacp], ["uplinkPort", "all", "active"]);
  deepEqual(bond?.bond?.members.map(({ number }) => number), uplinkNumbers(two));
  equal(uplinkPort(facts({ ...two, bondMode: "balance-slb" }))?.bond?.lacp, "off");
});

Deno.test("a link with an address, or of a bridge, is no uplink, and it is said what to do", () => {
  const free: LinkUse = { name: "eth2", addresses: [], up: true, mtu: 1500 };
  equal(uplinkHindrance([free]), undefined);
  match(
    uplinkHindrance([free, { ...free, name: "eth0", addresses: ["192.0.2.1/24"] }]) ?? "",
    /^eth0 .* 192\.0\.2\.1\/24, which the host would lose: name another link .*`ip address del/,
  );
  match(
    uplinkHindrance([{ ...free, master: "br0" }]) ?? "",
    /belongs to br0.*ip link set eth2 nomaster/,
  );
});

Deno.test("trouble of uplinks names those that carry nothing, and says when none does", () => {
  const wanted = uplinkPort(facts(two));
  const state = (...ups: boolean[]): PortState => ({
    name: "uplinkPort",
    externalIds: {},
    members: ups.map((up, index) => ({ name: `eth${index + 2}`, number: 65010 + index, up })),
  });
  equal(uplinkTrouble(wanted, state(true, true), true), undefined);
  equal(uplinkTrouble(wanted, state(true, false), true), "Uplink uplinkPort: eth3 is down");
  match(uplinkTrouble(wanted, state(false, false), true) ?? "", /stay on this host$/);
  match(uplinkTrouble(undefined, undefined, true) ?? "", /have no uplink .*--vlan-uplinks/);
  equal(uplinkTrouble(undefined, undefined, false), undefined);
  deepEqual([state(true, false), state(false), undefined].map(workingUplinks), [1, 0, 0]);
});
