/**
 * Infra networks give every host an address on an interface that has the network's name. Says which names can be
 * one.
 * @module
 */
import type { NetworkState } from "../model/records.ts";
import { NETWORKS } from "../state/keys.ts";
import { readAll } from "../state/snapshot.ts";
import type { Draft } from "./draft.ts";
import { IntentError } from "./error.ts";

/** IFNAMSIZ of Linux less the closing NUL. */
const LONGEST = 15;
/** Names of our own ports and of links that every host has. */
const TAKEN = /^(lo|eth\d+|docker0|contiv0|contivh0|contiv-vxlan|uplinkPort|v?vport\d+)$/;

/** Throws IntentError "invalid" or "conflict" when `name` cannot be an interface's on every host. */
export function checkInterfaceName(draft: Draft, tenant: string, name: string): void {
  const refuse = (why: string, advice: string) =>
    new IntentError(
      "invalid",
      `infra network ${name} cannot be an interface of that name: ${why}`,
      advice,
    );
  if (new TextEncoder().encode(name).length > LONGEST) {
    throw refuse(`it is longer than ${LONGEST} bytes`, "choose a shorter name");
  }
  // As Linux has it (dev_valid_name).
  if (/[\s\/:]/.test(name) || /^\.\.?$/.test(name)) {
    throw refuse("it has a character that interfaces' names may not have", "choose another name");
  }
  if (TAKEN.test(name)) throw refuse("hosts have one already", "choose another name");
  draft.guardAdditions(NETWORKS);
  const other = readAll<NetworkState>(draft.snapshot, NETWORKS)
    .find((it) => it.nwType === "infra" && it.networkName === name && it.tenant !== tenant);
  if (!other) return;
  throw new IntentError(
    "conflict",
    `tenant ${other.tenant} has an infra network ${name} already, and hosts can have one interface of that name`,
    "choose another name",
  );
}
