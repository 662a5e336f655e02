/**
 * The agent's own HTTP interface, on a unix socket that only root can open: network namespaces are attached and detached here, and
 * `ctl` looks at what this host carries. Errors are text, their first line as the original would have said it.
 * @module
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { EndpointResult, EndpointService } from "../../mod/agent/endpoint_service.ts";
import { KernelError } from "../../mod/agent/kernel.ts";
import type { Log } from "../../mod/agent/log.ts";
import { SwitchError } from "../../mod/agent/switch.ts";
import { IntentError, type IntentErrorCode } from "../../mod/intent/error.ts";
import { StateError } from "../../mod/state/error.ts";
import { StoreError } from "../../mod/state/store.ts";
import { issueText } from "../issue_text.ts";
import { attachRequest, endpointName } from "./attach_request.ts";

export interface AgentApiDeps {
  /** Undefined while the agent has not started. */
  readonly endpoints: () => EndpointService | undefined;
  /** Absolute path of a namespace given by name or path. */
  readonly resolveNamespace: (nameOrPath: string) => Promise<string>;
  /**
   * Flows of the endpoint that goes by this name here, as text; throws IntentError "not-found", or "conflict" when several do.
   * Undefined while the agent has not started.
   */
  readonly flows: (name: string) => readonly string[] | undefined;
  readonly health: () => { ok: boolean; [fact: string]: unknown };
  readonly log: Log;
}

const BODY_LIMIT = 64 * 1024;
const DEADLINE_MS = 15_000;
const NOT_FOUND =
  "endpoint not found\nNo such endpoint is on this host; `contiv ctl endpoint ls -a` says where each is\n";

export function agentApi(deps: AgentApiDeps): Hono {
  const app = new Hono();
  app.use(
    bodyLimit({
      maxSize: BODY_LIMIT,
      onError: (c) => c.text("request body is larger than 64 KiB\n", 413),
    }),
  );
  app.get("/healthz", (c) => {
    const health = deps.health();
    return c.json(health, health.ok ? 200 : 503);
  });
  app.post("/v1/endpoints", async (c) => c.json(await attach(deps, await jsonBody(c.req.raw))));
  app.get("/v1/endpoints/:name/flows", (c) => {
    const flows = deps.flows(c.req.param("name"));
    if (!flows) throw notStarted();
    return c.text(flows.map((flow) => `${flow}\n`).join(""));
  });
  app.delete("/v1/endpoints/:name", async (c) => {
    const endpointID = c.req.param("name");
    const endpoints = started(deps);
    if (!endpoints.find(endpointID)) return c.text(NOT_FOUND, 404);
    await endpoints.remove({ endpointID }, AbortSignal.timeout(DEADLINE_MS));
    return c.json(endpointID);
  });
  app.notFound((c) => c.text(`nothing at ${c.req.path.slice(0, 200)}\n`, 404));
  app.onError((error, c) => {
    const { status, text } = describe(error);
    if (status === 500) {
      deps.log.error("{method} {path} failed: {error}", {
        method: c.req.method,
        path: c.req.path,
        error,
      });
    }
    return c.text(text, status);
  });
  return app;
}

function started(deps: AgentApiDeps): EndpointService {
  const endpoints = deps.endpoints();
  if (endpoints) return endpoints;
  throw notStarted();
}

function notStarted(): IntentError {
  return new IntentError(
    "unavailable",
    "this host's agent has not started yet",
    "Its log says what it waits for; `contiv doctor` says what mends it",
  );
}

async function attach(deps: AgentApiDeps, body: unknown): Promise<unknown> {
  const parsed = attachRequest.safeParse(body);
  if (!parsed.success) throw new IntentError("invalid", issueText(parsed.error));
  const request = parsed.data;
  const endpoints = started(deps);
  const sandbox = await deps.resolveNamespace(request.netns);
  const endpointID = endpointName(request);
  const result = await endpoints.create({
    tenant: request.tenant,
    network: request.network,
    group: request.group,
    endpointID,
    commonName: endpointID,
    ...(request.address ? { address: request.address } : {}),
    ...(request.address6 ? { address6: request.address6 } : {}),
    ...(request.mac ? { mac: request.mac } : {}),
    attachment: { kind: "netns", sandbox, interfaceName: request.interfaceName },
  }, AbortSignal.timeout(DEADLINE_MS));
  return attached(result);
}

function attached({ endpoint, gateway, gateway6, mtu }: EndpointResult): unknown {
  return { endpoint, ...(gateway ? { gateway } : {}), ...(gateway6 ? { gateway6 } : {}), mtu };
}

async function jsonBody(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (error) {
    throw new IntentError("invalid", "request body is not JSON", undefined, { cause: error });
  }
}

const INTENT_STATUS: Readonly<Record<IntentErrorCode, ContentfulStatusCode>> = {
  invalid: 400,
  "not-found": 404,
  conflict: 409,
  exhausted: 409,
  unavailable: 503,
};

function describe(error: unknown): { status: ContentfulStatusCode; text: string } {
  if (error instanceof IntentError) {
    const text = error.advice ? `${error.message}\n${error.advice}\n` : `${error.message}\n`;
    return { status: INTENT_STATUS[error.code], text };
  }
  if (error instanceof KernelError) {
    const status = { "not-found": 404, exists: 409, invalid: 400 } as const;
    const known = error.code === "not-found" || error.code === "exists" || error.code === "invalid";
    return {
      status: known ? status[error.code as keyof typeof status] : 503,
      text: `${error.message}\n`,
    };
  }
  if (
    error instanceof SwitchError || error instanceof StoreError || error instanceof StateError
  ) {
    return { status: 503, text: `${error.message}\n` };
  }
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return {
      status: 503,
      text: `not done within ${
        DEADLINE_MS / 1000
      } s; the log of the agent says what it waits for\n`,
    };
  }
  return { status: 500, text: "internal error\n" };
}
