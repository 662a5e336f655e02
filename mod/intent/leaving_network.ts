/**
 * A network whose deletion has begun takes nothing in any more.
 * @module
 */
import type { NetworkState } from "../model/records.ts";
import { IntentError } from "./error.ts";

/** Throws IntentError "conflict" for one that is being deleted. */
export function refuseLeaving({ leaving, networkName, tenant: of }: NetworkState): void {
  if (!leaving) return;
  throw new IntentError(
    "conflict",
    `network ${networkName} of tenant ${of} is being deleted`,
    "use another network",
  );
}
