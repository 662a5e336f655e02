/**
 * Why the agent does not touch this host.
 * @module
 */
export type AgentErrorCode =
  /** The store has no global configuration: no master has ever run on it. */
  | "not-configured"
  /** The switch carries containers of another store. */
  | "foreign-switch";

export class AgentError extends Error {
  override readonly name = "AgentError";
  constructor(readonly code: AgentErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}
