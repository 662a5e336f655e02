/**
 * The cluster's settings. What would break existing networks is refused while there are any.
 * @module
 */
import { formatNumbers } from "../alloc/display.ts";
import { numbersIn } from "../alloc/numbers.ts";
import { GLOBAL, global } from "../model/global.ts";
import type { ModelObject } from "../model/object.ts";
import type { MasterConfig } from "../model/records.ts";
import { textOf, wireObject, withoutZeros } from "../model/wire.ts";
import { formatPrefix, parsePrefix } from "../net/prefix.ts";
import { MASTER_CONFIG, NETWORKS, numberPrefix, objectKey } from "../state/keys.ts";
import type { Snapshot } from "../state/snapshot.ts";
import type { Draft } from "./draft.ts";
import { IntentError } from "./error.ts";
import type { ObjectIntent } from "./object_intent.ts";
import { checkVxlanSpan, MAX_VXLAN_SPAN, parseTagRange } from "./tag_range.ts";

export const GLOBAL_KEY = objectKey(global.type, GLOBAL);
export const DEFAULT_PRIVATE_SUBNET = "172.19.0.0/16";

/** The settings, once a network can be made from them: throws "unavailable" with the original's text otherwise. */
export function readyGlobal(draft: Draft): ModelObject {
  const object = draft.read<ModelObject>(GLOBAL_KEY);
  const missing = !object
    ? "global configuration is not ready"
    : !textOf(object, "fwdMode")
    ? "global forwarding mode is not set"
    : !textOf(object, "vlans")
    ? "global vlan range is not set"
    : !textOf(object, "vxlans")
    ? "global vxlan range is not set"
    : undefined;
  if (!object || missing) {
    throw new IntentError(
      "unavailable",
      `Global configuration is not ready: ${missing}`,
      "set it with `contiv ctl global set --fwd-mode routing`",
    );
  }
  draft.guard(GLOBAL_KEY);
  return object;
}

function write(draft: Draft, fields: ModelObject): ModelObject {
  const object = wireObject(global, GLOBAL, fields);
  draft.put(GLOBAL_KEY, object);
  draft.put(MASTER_CONFIG, masterConfigOf(object));
  return object;
}

export function masterConfigOf(object: ModelObject): MasterConfig {
  const mode = textOf(object, "fwdMode");
  const prefix = parsePrefix(textOf(object, "pvtSubnet"));
  return {
    id: "global",
    "nw-infra-type": textOf(object, "networkInfraType") || "default",
    "fwd-mode": mode === "bridge" || mode === "routing" ? mode : "",
    "arp-mode": textOf(object, "arpMode") === "flood" ? "flood" : "proxy",
    "pvt-subnet": prefix ? formatPrefix(prefix) : DEFAULT_PRIVATE_SUBNET,
  };
}

function update(draft: Draft, old: ModelObject, fields: ModelObject): void {
  const vlans = numbersIn(draft.snapshot, numberPrefix("vlan"));
  const vxlans = numbersIn(draft.snapshot, numberPrefix("vxlan"));
  // A network made meanwhile must be seen: its tags are new keys here.
  draft.guardAdditions(numberPrefix("vlan"));
  draft.guardAdditions(numberPrefix("vxlan"));
  const changed = (field: string) =>
    textOf(fields, field) !== "" && textOf(fields, field) !== textOf(old, field);
  if (changed("fwdMode")) checkForwardingChange(draft, old, vlans.length, vxlans.length);
  if (changed("pvtSubnet") && !becomesDefault(old, fields)) {
    refuseWhileInUse("private subnet", vlans.length, vxlans.length);
  }
  if (changed("vlans")) checkRangeChange("vlan", textOf(fields, "vlans"), vlans);
  if (changed("vxlans")) checkRangeChange("vxlan", textOf(fields, "vxlans"), vxlans);
  write(draft, { ...old, ...fields });
}

function becomesDefault(old: ModelObject, fields: ModelObject): boolean {
  return textOf(old, "pvtSubnet") === "" && textOf(fields, "pvtSubnet") === DEFAULT_PRIVATE_SUBNET;
}

function checkForwardingChange(
  draft: Draft,
  old: ModelObject,
  vlans: number,
  vxlans: number,
): void {
  refuseWhileInUse("forwarding mode", vlans, vxlans);
  const speakers = objectKey("Bgp", "");
  draft.guardAdditions(speakers);
  if (textOf(old, "fwdMode") === "routing" && draft.snapshot.list(speakers).length > 0) {
    throw new IntentError(
      "conflict",
      "please delete existing Bgp configs",
      "`contiv ctl bgp rm <host>` deletes one",
    );
  }
}

function refuseWhileInUse(what: string, vlans: number, vxlans: number): void {
  const parts = [vlans && `${vlans} vlans`, vxlans && `${vxlans} vxlans`].filter(Boolean);
  if (parts.length === 0) return;
  throw new IntentError(
    "conflict",
    `Unable to update ${what} due to existing ${parts.join(" and ")}`,
    "delete the networks that use them first; `contiv ctl network ls -a` lists them",
  );
}

function checkRangeChange(kind: "vlan" | "vxlan", text: string, inUse: readonly number[]): void {
  const range = parseTagRange(kind, text);
  const tooWide = kind === "vxlan" && range.last - range.first > MAX_VXLAN_SPAN;
  const [lowest] = inUse, highest = inUse.at(-1);
  if (lowest !== undefined && highest !== undefined) {
    // The original tells of a range that is too wide in these words, too.
    if (tooWide || lowest < range.first || highest > range.last) {
      throw new IntentError(
        "conflict",
        `cannot update the ${kind} range due to existing ${kind}s ${formatNumbers(inUse)}`,
        tooWide
          ? `a range spans at most ${MAX_VXLAN_SPAN}`
          : `choose a range that holds ${lowest} to ${highest}`,
      );
    }
  } else if (kind === "vxlan") checkVxlanSpan(range);
}

export const globalIntent: ObjectIntent = {
  object: global,
  create(draft, _key, fields) {
    parseTagRange("vlan", textOf(fields, "vlans"));
    checkVxlanSpan(parseTagRange("vxlan", textOf(fields, "vxlans")));
    return write(draft, { arpMode: "proxy", networkInfraType: "default", ...fields });
  },
  update,
  remove() {
    throw new IntentError(
      "conflict",
      "cannot delete global, the cluster needs it",
      "change it with `contiv ctl global set`",
    );
  },
  oper(snapshot: Snapshot, object, clusterMode) {
    const [firstVxlan = "1"] = textOf(object, "vxlans").split("-");
    return withoutZeros({
      clusterMode,
      freeVXLANsStart: Number(firstVxlan) - 1,
      numNetworks: snapshot.list(NETWORKS).length,
      vlansInUse: formatNumbers(numbersIn(snapshot, numberPrefix("vlan"))),
      vxlansInUse: formatNumbers(numbersIn(snapshot, numberPrefix("vxlan"))),
    });
  },
};
