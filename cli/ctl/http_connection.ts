/**
 * HTTP to one server: `http://`, `https://` or `unix:///path/of/socket`. A failure to reach it is a CtlError that names it.
 * @module
 */
import { ExitCode } from "../exit_code.ts";
import { CtlError } from "./error.ts";

/** Longer than the server's own deadline (10 s), so that its answer is what the user sees. */
const DEADLINE_MS = 15_000;

export interface Reply {
  readonly status: number;
  readonly statusText: string;
  readonly text: string;
}

/** No reply came. */
export class Unreachable extends CtlError {
  /** `unsent`: no connection was made, so the server has seen nothing of the request. */
  constructor(message: string, readonly unsent: boolean, options?: { cause?: unknown }) {
    super(ExitCode.Refused, message, options);
  }
}

export class HttpConnection {
  private readonly base: string;
  private readonly client?: Deno.HttpClient;

  /** `advice`: how to get such a server, shown when it cannot be reached. `insecure`: any TLS certificate will do. */
  constructor(
    readonly description: string,
    private readonly advice: string,
    private readonly insecure = false,
  ) {
    if (description.startsWith("unix://")) {
      const path = description.slice("unix://".length);
      this.client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
      this.base = "http://localhost";
    } else {
      this.base = description.replace(/\/+$/, "");
    }
  }

  async request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Reply> {
    const url = this.base + path;
    try {
      if (this.insecure && url.startsWith("https:")) {
        const { requestWithoutVerification } = await import("./insecure_request.ts");
        return await requestWithoutVerification(url, method, headers, body, DEADLINE_MS);
      }
      const response = await fetch(url, {
        method,
        headers,
        redirect: "manual",
        signal: AbortSignal.timeout(DEADLINE_MS),
        ...(body === undefined ? {} : { body }),
        ...(this.client ? { client: this.client } : {}),
      });
      const { status, statusText } = response;
      return { status, statusText, text: await response.text() };
    } catch (cause) {
      const text = `cannot reach ${this.description}: ${reason(cause)}\n${this.advice}`;
      throw new Unreachable(text, !connected(cause), { cause });
    }
  }

  close(): void {
    this.client?.close();
  }
}

/** Whether the HTTP library may have sent something: only what it calls a connection's own failure rules that out. */
function connected(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  if (/\(Connect\)|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND/.test(error.message)) {
    return false;
  }
  return error.cause === undefined || connected(error.cause);
}

/** The operating system's words, without the layers of the HTTP library around them. */
function reason(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `no answer within ${DEADLINE_MS / 1000} s`;
  }
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reason(error.cause);
  return /([^:]+?) \(os error \d+\)$/.exec(error.message)?.[1]?.trim() ?? error.message;
}
