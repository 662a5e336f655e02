/**
 * The plugin protocol: one POST a call, `{"Err": …}` with status 500 when it fails, which Docker shows as `<call>: <text>`. Every call
 * is validated, limited in size and answered within its deadline, whatever the store does.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { IntentError } from "../../mod/intent/error.ts";
import { StoreError } from "../../mod/state/store.ts";
import type { LibnetworkDependencies } from "./dependencies.ts";
import { IpamDriver } from "./ipam_driver.ts";
import { NetworkDriver } from "./network_driver.ts";
import { PendingPools } from "./pending_pools.ts";
import { routes } from "./routes.ts";

const log = getLogger(["contiv", "libnetwork"]);

/** Bytes. Docker's largest request, a network with hundreds of auxiliary addresses, is some tens of kilobytes. */
const BODY_LIMIT = 1024 * 1024;
const DEADLINE = 8_000;
const CONTENT_TYPE = "application/vnd.docker.plugins.v1.2+json";

/** Serves `/Plugin.*`, `/NetworkDriver.*` and `/IpamDriver.*`; every other path is 404. Never rejects. */
export function libnetworkApi(
  dependencies: LibnetworkDependencies,
): (request: Request) => Promise<Response> {
  const pending = new PendingPools(dependencies.now);
  const table = routes(
    new NetworkDriver(dependencies, pending),
    new IpamDriver(dependencies, pending),
    dependencies.scope,
  );
  const deadline = dependencies.deadline ?? DEADLINE;
  return async (request) => {
    const call = new URL(request.url).pathname.slice(1);
    const route = table.get(call);
    if (route === undefined) return reply(404, { Err: `${call} is not a call of this driver` });
    if (request.method !== "POST") return reply(405, { Err: `${call} is called by POST` });
    try {
      const answer = await withDeadline(
        deadline,
        async (signal) => await route(await readBody(request), signal),
      );
      log.debug("{call} is answered", { call });
      return reply(200, answer);
    } catch (error) {
      const text = errorText(error);
      log.error("{call} failed: {text}", { call, text });
      return reply(500, { Err: text });
    }
  };
}

function reply(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body) + "\n", {
    status,
    // An idle connection that the engine keeps would hold up the end of this process.
    headers: { "content-type": CONTENT_TYPE, "connection": "close" },
  });
}

/** The JSON body; undefined when it is empty, as in calls without parameters. */
async function readBody(request: Request): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > BODY_LIMIT) {
      throw new IntentError("invalid", `request is larger than ${BODY_LIMIT} bytes`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IntentError("invalid", "request is not JSON", undefined, { cause });
  }
}

/** Answers at the deadline even when `run` does not heed its signal. */
async function withDeadline<T>(
  milliseconds: number,
  run: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const late = new IntentError(
      "unavailable",
      `no answer within ${milliseconds / 1000} s`,
      "see why with: contiv doctor",
    );
    reject(late);
    controller.abort(late);
  }, milliseconds);
  try {
    return await Promise.race([run(controller.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** One line for Docker's user: what was attempted, then what to do. */
export function errorText(error: unknown): string {
  if (error instanceof IntentError) {
    return error.advice === undefined ? error.message : `${error.message} (${error.advice})`;
  }
  if (error instanceof StoreError) {
    return `state store: ${error.message} (check it with: contiv doctor)`;
  }
  if (error instanceof z.ZodError) {
    const issues = error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    return `invalid request: ${issues.join("; ")}`;
  }
  return error instanceof Error ? error.message : String(error);
}
