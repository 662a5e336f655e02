/**
 * The options that name the links to the physical switches, into settings.
 * @module
 */
import { MOST_UPLINKS, type Uplinks } from "../../mod/agent/uplinks.ts";
import type { CommonSettings } from "./settings.ts";
import { OptionError, type OptionValues } from "./option.ts";

const MODES = ["balance-tcp", "balance-slb", "active-backup"] as const;

/** Undefined when no link is named. */
export function uplinkSettings(
  values: OptionValues,
  { netMode, forwardMode }: Pick<CommonSettings, "netMode" | "forwardMode">,
): Uplinks | undefined {
  // Each network says which it is of; "vlan" promises only that some are VLANs.
  if (netMode === "vlan" && forwardMode !== "bridge") {
    throw new OptionError("--netmode=vlan cannot be used without --fwdmode=bridge");
  }
  const text = values.get("vlan-uplinks") ?? "";
  const mode = values.get("uplink-bond") ?? "";
  const bondMode = MODES.find((known) => known === mode);
  if (!bondMode) {
    throw new OptionError(
      `--uplink-bond="${mode}" cannot be used: it must be balance-tcp, balance-slb or active-backup`,
    );
  }
  if (!text) return undefined;
  if (forwardMode !== "bridge") {
    throw new OptionError(
      "--vlan-uplinks is only for --fwdmode=bridge: leave it out with --fwdmode=routing",
    );
  }
  return { links: linkNames(text), bondMode };
}

function linkNames(text: string): readonly string[] {
  const links = text.split(",").map((name) => name.trim());
  const refuse = (why: string) =>
    new OptionError(`--vlan-uplinks="${text}" cannot be used: ${why}`);
  // As Linux has it (dev_valid_name): at most 15 bytes, no white space, slash or colon.
  const invalid = links.find((name) => !/^[!-.0-9;-~]{1,15}$/.test(name) || /^\.\.?$/.test(name));
  if (invalid !== undefined) throw refuse(`"${invalid}" is not a name of a link, such as eth2`);
  if (new Set(links).size < links.length) throw refuse("a link is named twice");
  if (links.length > MOST_UPLINKS) throw refuse(`at most ${MOST_UPLINKS} links are one bond`);
  return links;
}
