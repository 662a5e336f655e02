/**
 * What the agent tells its operator. Structured: a sentence, and properties; never secrets. The roles bind it to a logger.
 * @module
 */
export interface Log {
  debug(message: string, properties?: Record<string, unknown>): void;
  info(message: string, properties?: Record<string, unknown>): void;
  warn(message: string, properties?: Record<string, unknown>): void;
  error(message: string, properties?: Record<string, unknown>): void;
}
