/**
 * Refusing to delete what endpoints still use, naming them.
 * @module
 */
import type { EndpointState } from "../model/records.ts";
import { IntentError } from "./error.ts";

const SHOWN = 5;

/** Throws "conflict" with `message` when there are endpoints. */
export function refuseActive(
  endpoints: readonly EndpointState[],
  message: string,
  command: string,
): void {
  if (endpoints.length === 0) return;
  const named = endpoints.slice(0, SHOWN).map(({ epCommonName, endpointID, homingHost }) =>
    `${epCommonName || endpointID.slice(0, 12)} on ${homingHost || "no host"}`
  );
  const more = endpoints.length > SHOWN ? `, and ${endpoints.length - SHOWN} more` : "";
  throw new IntentError(
    "conflict",
    message,
    `remove ${named.join(", ")}${more} first; \`${command}\` shows them`,
  );
}
