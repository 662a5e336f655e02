/**
 * What an error says, for a log, a status or another error's text.
 * @module
 */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
