/**
 * Whether containers can reach those of the other hosts that the store knows. A running agent looks itself, and says so in its health.
 * @module
 */
import { underlayTrouble } from "../../../mod/agent/underlay_check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, ok, warn } from "../finding.ts";

const WHAT = "tunnels";

export function checkTunnels(
  { addresses, agent, store, switch: { datapath }, vtepAddress }: Pick<
    Facts,
    "addresses" | "agent" | "store" | "switch" | "vtepAddress"
  >,
): Finding[] {
  const others = store.vteps?.filter((address) => address !== vtepAddress).length;
  if (others === undefined || agent.state === "running") return [];
  if (others === 0) return [ok(WHAT, "no other host is in the store")];
  const holder = addresses.find(({ address }) => address === vtepAddress);
  const trouble = underlayTrouble({ datapath, vtepAddress }, {
    mtu: holder?.mtu ?? 0,
    ...(holder && { link: holder.link }),
    ...(holder?.kind !== undefined && { kind: holder.kind }),
  });
  const count = `${others} other host${others === 1 ? "" : "s"}`;
  return [
    trouble === undefined
      ? ok(WHAT, `from ${vtepAddress} to ${count}`)
      : warn(WHAT, `to ${count}: ${trouble}`),
  ];
}
