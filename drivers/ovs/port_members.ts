/**
 * A port's links: one of its own name, or those of a bond, which works as long as one of them does. Pure.
 * @module
 */
import type { PortMember, PortSpec, PortState } from "../../mod/agent/switch.ts";
import { vlanOf } from "./port_columns.ts";
import type { InterfaceView, PortView } from "./view.ts";

/** Each link as if it were a port of its own. */
export function membersOf(spec: PortSpec): readonly PortSpec[] {
  if (!spec.bond) return [spec];
  const { type, externalIds } = spec;
  return spec.bond.members.map(({ name, number }) => ({ name, number, type, externalIds }));
}

export function memberOf(port: PortView, { name }: PortSpec): InterfaceView | undefined {
  return port.members.find((member) => member.name === name);
}

/** Whether the port is attached as wanted: a bond by at least one link, while the switch has said why not by the others. */
export function isCarried(port: PortView, spec: PortSpec): boolean {
  const wanted = membersOf(spec);
  const attached = wanted.filter((it) => memberOf(port, it)?.number === it.number);
  const known = wanted.filter((it) => {
    const member = memberOf(port, it);
    return member && (member.number === it.number || member.error !== undefined);
  });
  return attached.length > 0 && known.length === wanted.length;
}

/** `said`: the number that ovs-vswitchd says it has, where the database says nothing yet. */
export function toState(
  port: PortView,
  { detached, said }: { readonly detached: boolean; readonly said: number | undefined },
): PortState {
  const { name, externalIds, members } = port;
  const vlan = vlanOf(port);
  const number = members.map(numberOf).find((it) => it !== undefined) ?? said;
  const error = detached ? `link ${name} vanished or was replaced` : port.interface?.error;
  return {
    name,
    externalIds,
    members: members.map(toMember),
    ...(vlan === undefined ? {} : { vlan }),
    ...(detached || number === undefined ? {} : { number }),
    ...(error === undefined ? {} : { error }),
  };
}

function toMember(link: InterfaceView): PortMember {
  const number = numberOf(link);
  return {
    name: link.name,
    ...(number === undefined ? {} : { number }),
    ...(link.up === undefined ? {} : { up: link.up }),
    ...(link.lacpCurrent === undefined ? {} : { lacp: link.lacpCurrent }),
    ...(link.error === undefined ? {} : { error: link.error }),
  };
}

/** −1 in the database: could not be attached. */
function numberOf({ number }: InterfaceView): number | undefined {
  return number !== undefined && number >= 0 ? number : undefined;
}
