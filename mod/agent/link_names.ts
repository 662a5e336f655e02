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

/** The alias that marks a link as an endpoint's. */
export const linkAlias = (endpointId: string): string => `contiv:${endpointId}`;

export function isOurAlias(alias: string | undefined): boolean {
  return alias?.startsWith("contiv:") ?? false;
}
