/**
 * Asking the system: each probe answers with a value or with the reason why there is none, within a deadline, and changes nothing.
 * @module
 */
import type { Answer } from "./facts.ts";

const DEADLINE = 5000;

/** Turns a rejection into its reason. */
export async function answer<T>(question: () => Promise<T> | T): Promise<Answer<T>> {
  try {
    return { value: await question() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: message.split("\n")[0] ?? "" };
  }
}

/** The standard output of a program that must end with exit code 0. */
export async function outputOf(program: string, args: readonly string[]): Promise<string> {
  let result: Deno.CommandOutput;
  try {
    const signal = AbortSignal.timeout(DEADLINE);
    result = await new Deno.Command(program, { args: [...args], stdin: "null", signal }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${program} is not installed`, { cause: error });
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (result.success) return text(result.stdout);
  throw new Error(text(result.stderr).split("\n")[0] || `${program} failed or did not answer`);
}

export interface JsonRequest {
  /** Path of a unix socket, in place of TCP. */
  readonly socket?: string;
  readonly method?: "GET" | "POST";
  /** Whether a reply that is no success is an answer, too. */
  readonly anyStatus?: boolean;
}

/** The JSON that `url` replies with. Name no host but `localhost` with a socket: names are resolved even then. */
export async function getJson(url: string, request: JsonRequest = {}): Promise<unknown> {
  const { socket, method = "GET", anyStatus = false } = request;
  const client = socket === undefined
    ? undefined
    : Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  try {
    const signal = AbortSignal.timeout(DEADLINE);
    const response = await fetch(url, { method, signal, ...(client && { client }) });
    if (!response.ok && !anyStatus) {
      await response.body?.cancel();
      throw new Error(`HTTP status ${response.status}`);
    }
    return await response.json();
  } catch (error) {
    // Of "fetch failed" the cause alone says why.
    throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  } finally {
    client?.close();
  }
}

/** A field of something whose shape nobody promised. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value
    ? (value as Record<string, unknown>)[name] // JSON: any field may be anything
    : undefined;
}
