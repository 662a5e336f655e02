/**
 * Names of an endpoint's two links, as the original named them: `vportN` goes to the container, `vvportN` to the switch.
 * @module
 */
export const containerLink = (port: number): string => `vport${port}`;
export const switchLink = (port: number): string => `vvport${port}`;

/** Whether a link of the host is the switch's end of an endpoint's pair, by name. Its alias says whose. */
export function isSwitchLink(name: string): boolean {
  return /^vvport[1-9]\d{0,4}$/.test(name);
}

/** The number of the port that a link of this name is, or was. */
export function portOfLink(name: string): number | undefined {
  return isSwitchLink(name) ? Number(name.slice("vvport".length)) : undefined;
}

/** The alias that marks a link as an endpoint's. */
export const linkAlias = (endpointId: string): string => `contiv:${endpointId}`;

export function isOurAlias(alias: string | undefined): boolean {
  return alias?.startsWith("contiv:") ?? false;
}
