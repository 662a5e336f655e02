/**
 * Client of the Docker Engine API over its unix socket: only the calls that this project makes, each with a deadline. The API version
 * is agreed on at first use and again after the engine was away, since it may come back as another release.
 * @module
 */
import { z } from "zod";
import type { NetworkCreateBody } from "../../mod/docker/wanted_networks.ts";
import { DockerError, type DockerErrorCode } from "./error.ts";
import { jsonLines } from "./json_lines.ts";

export const DEFAULT_SOCKET = "/var/run/docker.sock";

/** The API of Docker 20.10: what we speak, unless the engine's range lies elsewhere. */
const PREFERRED_API = "1.41";

const DEADLINE = 10_000;

const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string().default("1.12"),
});

const attachedSchema = z.object({
  Name: z.string().default(""),
  EndpointID: z.string().default(""),
  IPv4Address: z.string().default(""),
  IPv6Address: z.string().default(""),
});

const networkSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  Driver: z.string(),
  Scope: z.string().default("local"),
  IPAM: z.object({
    Driver: z.string().nullish(),
    Config: z.array(z.object({ Subnet: z.string().default("") })).nullish(),
  }).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  /** By container id; only in an inspection, and only of running containers. */
  Containers: z.record(z.string(), attachedSchema).nullish(),
});

const containerSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  State: z.object({ Running: z.boolean() }),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
  NetworkSettings: z.object({
    Networks: z.record(
      z.string(),
      z.object({ NetworkID: z.string().default(""), EndpointID: z.string().default("") }),
    ).nullish(),
  }),
});

const containerSummarySchema = z.object({ Id: z.string(), State: z.string().default("") });

const eventSchema = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({
    ID: z.string().default(""),
    Attributes: z.record(z.string(), z.string()).nullish(),
  }),
});

export type EngineVersion = z.infer<typeof versionSchema>;
export type DockerNetwork = z.infer<typeof networkSchema>;
export type DockerContainer = z.infer<typeof containerSchema>;
export type DockerEvent = z.infer<typeof eventSchema>;

type Filters = Readonly<Record<string, readonly string[]>>;

interface Call {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; undefined: no deadline of its own (streams). */
  readonly deadline?: number | undefined;
}

export class DockerEngine {
  readonly #client: Deno.HttpClient;
  #api: string | undefined;

  constructor(readonly socket: string = DEFAULT_SOCKET) {
    this.#client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  }

  close(): void {
    this.#client.close();
  }

  async ping(signal?: AbortSignal): Promise<void> {
    const response = await this.#fetch("GET", "/_ping", { signal, deadline: DEADLINE });
    await response.body?.cancel();
  }

  async version(signal?: AbortSignal): Promise<EngineVersion> {
    const response = await this.#fetch("GET", "/version", { signal, deadline: DEADLINE });
    return await parse(response, versionSchema, "/version");
  }

  /** Without `Containers`: the engine fills those in for inspections only. */
  async listNetworks(signal?: AbortSignal): Promise<DockerNetwork[]> {
    return await this.#call("GET", "/networks", z.array(networkSchema), { signal });
  }

  async inspectNetwork(id: string, signal?: AbortSignal): Promise<DockerNetwork> {
    return await this.#call("GET", `/networks/${encodeURIComponent(id)}`, networkSchema, {
      signal,
    });
  }

  /** Returns the new network's id. The engine calls its drivers before it answers, so the deadline is longer than a driver's. */
  async createNetwork(body: NetworkCreateBody, signal?: AbortSignal): Promise<string> {
    const created = await this.#call("POST", "/networks/create", z.object({ Id: z.string() }), {
      body,
      signal,
      deadline: 60_000,
    });
    return created.Id;
  }

  async removeNetwork(id: string, signal?: AbortSignal): Promise<void> {
    await this.#call("DELETE", `/networks/${encodeURIComponent(id)}`, z.unknown(), {
      signal,
      deadline: 60_000,
    });
  }

  async connectNetwork(id: string, container: string, signal?: AbortSignal): Promise<void> {
    await this.#call("POST", `/networks/${encodeURIComponent(id)}/connect`, z.unknown(), {
      body: { Container: container },
      signal,
      deadline: 60_000,
    });
  }

  async disconnectNetwork(id: string, container: string, signal?: AbortSignal): Promise<void> {
    await this.#call("POST", `/networks/${encodeURIComponent(id)}/disconnect`, z.unknown(), {
      body: { Container: container },
      signal,
      deadline: 60_000,
    });
  }

  /** Ids of the running containers. */
  async listContainers(signal?: AbortSignal): Promise<string[]> {
    const list = await this.#call("GET", "/containers/json", z.array(containerSummarySchema), {
      signal,
    });
    return list.map((container) => container.Id);
  }

  async inspectContainer(id: string, signal?: AbortSignal): Promise<DockerContainer> {
    return await this.#call("GET", `/containers/${encodeURIComponent(id)}/json`, containerSchema, {
      signal,
    });
  }

  /**
   * Opens one events stream, from now on. Resolves when the engine has accepted it, so that what is listed afterwards misses nothing;
   * the iterable ends when the engine goes away or `signal` aborts.
   */
  async events(filters: Filters, signal: AbortSignal): Promise<AsyncIterable<DockerEvent>> {
    const path = await this.#versioned("/events", signal);
    const response = await this.#fetch("GET", path, {
      query: { filters: JSON.stringify(filters) },
      signal,
    });
    await refuseErrors(response, path);
    return jsonLines(response.body ?? new ReadableStream(), eventSchema, signal);
  }

  async #call<T>(method: string, path: string, schema: z.ZodType<T>, call: Call): Promise<T> {
    const versioned = await this.#versioned(path, call.signal);
    const response = await this.#fetch(method, versioned, { deadline: DEADLINE, ...call });
    return await parse(response, schema, `${method} ${path}`);
  }

  async #versioned(path: string, signal: AbortSignal | undefined): Promise<string> {
    this.#api ??= agreedApi(await this.version(signal));
    return `/v${this.#api}${path}`;
  }

  async #fetch(method: string, path: string, call: Call): Promise<Response> {
    // Deno looks the name up although the socket's path is what counts: it must be one that needs no DNS server.
    const url = new URL(`http://localhost${path}`);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    const signals = [
      ...(call.signal === undefined ? [] : [call.signal]),
      ...(call.deadline === undefined ? [] : [AbortSignal.timeout(call.deadline)]),
    ];
    const [only, ...others] = signals;
    const signal = others.length === 0 ? only : AbortSignal.any(signals);
    try {
      return await fetch(url, {
        method,
        client: this.#client,
        // A stream outlives this call, and a combined signal may not: it is given the caller's own.
        ...(signal === undefined ? {} : { signal }),
        ...(call.body === undefined ? {} : {
          body: JSON.stringify(call.body),
          headers: { "content-type": "application/json" },
        }),
      });
    } catch (cause) {
      this.#api = undefined;
      throw this.#unreachable(method, path, cause);
    }
  }

  #unreachable(method: string, path: string, cause: unknown): DockerError {
    const timedOut = cause instanceof DOMException && cause.name === "TimeoutError";
    return timedOut
      ? new DockerError("timeout", `${method} ${path}: the Docker engine did not answer in time`, {
        cause,
      })
      : new DockerError(
        "unavailable",
        `${method} ${path}: no Docker engine answers on ${this.socket}`,
        { cause },
      );
  }
}

/** Ours, moved into the engine's range. */
export function agreedApi(engine: Pick<EngineVersion, "ApiVersion" | "MinAPIVersion">): string {
  if (compareVersions(PREFERRED_API, engine.ApiVersion) > 0) return engine.ApiVersion;
  if (compareVersions(PREFERRED_API, engine.MinAPIVersion) < 0) return engine.MinAPIVersion;
  return PREFERRED_API;
}

function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}

async function parse<T>(response: Response, schema: z.ZodType<T>, what: string): Promise<T> {
  await refuseErrors(response, what);
  try {
    const text = await response.text();
    return schema.parse(text === "" ? undefined : JSON.parse(text));
  } catch (cause) {
    throw new DockerError("failed", `${what}: the Docker engine's answer is not understood`, {
      cause,
    });
  }
}

const CODES: Readonly<Record<number, DockerErrorCode>> = {
  403: "conflict",
  404: "not-found",
  409: "conflict",
};

async function refuseErrors(response: Response, what: string): Promise<void> {
  if (response.ok) return;
  const text = await response.text();
  throw new DockerError(CODES[response.status] ?? "failed", `${what}: ${messageOf(text)}`);
}

/** The engine's errors are `{"message": …}`. */
function messageOf(text: string): string {
  try {
    return z.object({ message: z.string() }).parse(JSON.parse(text)).message;
  } catch {
    return text.trim();
  }
}
