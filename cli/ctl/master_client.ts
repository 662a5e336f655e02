/**
 * The master's REST API as `ctl` uses it. Every failure is a CtlError whose text says what to do next.
 * @module
 */
import { ExitCode } from "../exit_code.ts";
import { CtlError } from "./error.ts";
import type { FirstThatAnswers } from "./first_that_answers.ts";

export type WireObject = Readonly<Record<string, unknown>>;

export class MasterClient {
  constructor(private readonly connection: FirstThatAnswers, private readonly token: string) {}

  async list(plural: string): Promise<WireObject[]> {
    const body = await this.request("GET", `/api/v1/${plural}/`);
    return Array.isArray(body) ? body.filter(isObject) : [];
  }

  async get(plural: string, key: string): Promise<WireObject> {
    return object(await this.request("GET", objectPath(plural, key)));
  }

  async put(plural: string, key: string, body: WireObject): Promise<void> {
    await this.request("POST", objectPath(plural, key), body);
  }

  async remove(plural: string, key: string): Promise<void> {
    await this.request("DELETE", objectPath(plural, key));
  }

  async inspect(plural: string, key: string): Promise<WireObject> {
    return object(await this.request("GET", objectPath(`inspect/${plural}`, key)));
  }

  /** A document outside of the model: `/version`. */
  async document(path: string): Promise<WireObject> {
    return object(await this.request("GET", path));
  }

  close(): void {
    this.connection.close();
  }

  private async request(method: string, path: string, body?: WireObject): Promise<unknown> {
    const headers: Record<string, string> = this.token ? { "x-auth-token": this.token } : {};
    if (body) headers["content-type"] = "application/json";
    const reply = await this.connection.request(
      method,
      path,
      headers,
      body && JSON.stringify(body),
    );
    if (reply.status !== 200) throw new CtlError(ExitCode.Refused, refusal(reply));
    try {
      return JSON.parse(reply.text);
    } catch (cause) {
      throw new CtlError(
        ExitCode.Refused,
        `${this.connection.description} did not answer ${method} ${path} with JSON\n` +
          "Check that --netmaster (or NETMASTER) is the address of a Contiv master",
        { cause },
      );
    }
  }
}

/** Keys are readable in logs: a colon needs no escape in a path. */
function objectPath(prefix: string, key: string): string {
  return `/api/v1/${prefix}/${encodeURIComponent(key).replaceAll("%3A", ":")}/`;
}

/** The original netmaster's statuses have the original netctl's texts; ours carry their own. */
function refusal(reply: { status: number; statusText: string; text: string }): string {
  const text = reply.text.trimEnd();
  if (reply.status === 403) return "Access denied!";
  if (reply.status === 404 && (text === "" || text === "404 page not found")) {
    return "Page not found!";
  }
  return text || `${reply.status} ${reply.statusText}`;
}

export function isObject(value: unknown): value is WireObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: unknown): WireObject {
  return isObject(value) ? value : {};
}
