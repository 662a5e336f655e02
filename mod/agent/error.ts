/**
 * Why the agent does not touch this host.
 * @module
 */
export type AgentErrorCode =
  /** The store has no global configuration: no master has ever run on it. */
  | "not-configured"
  /** The switch carries containers of another store. */
  | "foreign-switch"
  /** Another host that runs has this one's label, or one of its addresses. */
  | "label-taken"
  /** The options say something else than the cluster's configuration. */
  | "other-configuration";

export class AgentError extends Error {
  override readonly name = "AgentError";
  constructor(readonly code: AgentErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}
