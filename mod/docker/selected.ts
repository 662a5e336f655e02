/**
 * From options to the network or group that they name.
 * @module
 */
import type { NetworkRef } from "../agent/endpoint_service.ts";
import { IntentError } from "../intent/error.ts";
import type { GroupState } from "../model/records.ts";
import { groupKey, networkKey } from "../state/keys.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { findByTag } from "./mapping.ts";
import type { Selection } from "./options.ts";

/** The network or group that the options name; undefined when they name none. Throws "not-found" when it does not exist. */
export function selectedRef(snapshot: Snapshot, selection: Selection): NetworkRef | undefined {
  if (selection.tag !== "") {
    const ref = findByTag(snapshot, selection.tag);
    if (ref !== undefined) return ref;
    throw new IntentError(
      "not-found",
      `failed to lookup tag ${selection.tag}`,
      "create a network or group with this tag first: ctl network create --tag, ctl group create --tag",
    );
  }
  if (selection.network === "") return undefined;
  const { tenant, network, group } = selection;
  if (read(snapshot, networkKey(tenant, network)) === undefined) {
    throw new IntentError(
      "not-found",
      `Network ${network} not found`,
      `create it: ctl network create --tenant ${tenant} --subnet <cidr> ${network}`,
    );
  }
  const state = group === "" ? undefined : read<GroupState>(snapshot, groupKey(tenant, group));
  if (group !== "" && state?.networkName !== network) {
    throw new IntentError(
      "not-found",
      `EndpointGroup ${group} not found in network ${network}`,
      `create it: ctl group create --tenant ${tenant} ${network} ${group}`,
    );
  }
  return { tenant, network, group };
}

/** Likewise, for a call that makes the network that the options name when it does not exist: undefined then, too. */
export function existingRef(snapshot: Snapshot, selection: Selection): NetworkRef | undefined {
  const { tenant, network, group, tag } = selection;
  const toBeMade = tag === "" && group === "" &&
    read(snapshot, networkKey(tenant, network)) === undefined;
  return toBeMade ? undefined : selectedRef(snapshot, selection);
}
