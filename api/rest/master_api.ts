/**
 * The master's REST API: Contiv v1's routes, bodies and texts, with proper status codes. Reads come from the cache and work while the
 * store is down; every write is one transaction.
 * @module
 */
import { type Context, Hono } from "hono";
import { objectTypes } from "../../mod/model/registry.ts";
import {
  leaderAddress,
  registeredServices,
  type ServiceName,
} from "../../mod/state/registration.ts";
import type { MasterDependencies } from "./dependencies.ts";
import {
  errorReply,
  forOriginalClient,
  internalError,
  isOriginalClient,
  leavesBody,
  PageNotFound,
} from "./error_reply.ts";
import { health } from "./health.ts";
import { addEndpointRoutes, addHostRoutes, addObjectRoutes } from "./object_routes.ts";
import { addPluginRoutes } from "./plugin_routes.ts";

export type { MasterDependencies, MasterInfo } from "./dependencies.ts";

/** As Go spells it. */
const TEXT = { "content-type": "text/plain; charset=utf-8" };

/** The whole API. Routes are declared without a trailing slash; with `strict` off they match with and without. */
export function masterApi(deps: MasterDependencies): Hono {
  const app = new Hono({ strict: false });
  app.use(async (c, next) => {
    const started = performance.now();
    await next();
    deps.log.debug("{method} {path} {status} in {duration} ms", {
      method: c.req.method,
      path: c.req.path.slice(0, 256),
      status: c.res.status,
      duration: Math.round((performance.now() - started) * 100) / 100,
    });
  });
  for (const type of objectTypes.filter(({ inspectOnly }) => !inspectOnly)) {
    addObjectRoutes(app, deps, type);
  }
  addEndpointRoutes(app, deps);
  addHostRoutes(app, deps);
  addPluginRoutes(app, deps);
  addDocumentRoutes(app, deps);
  app.get("/openapi.json", async (c) => {
    const { openApiDocument } = await import("./openapi.ts");
    return c.json(openApiDocument(objectTypes, deps.info.version));
  });
  app.notFound((c) => fail(c, deps, new PageNotFound(nothingAt(c.req.path))));
  app.onError((error, c) => fail(c, deps, error));
  return app;
}

/** `/version` and `/info` are text/plain without a newline, as the original's. */
function addDocumentRoutes(app: Hono, deps: MasterDependencies): void {
  const { info } = deps;
  const addresses = (service: ServiceName) => [
    ...new Set(registeredServices(deps.cache.snapshot(), service).map(({ HostAddr }) => HostAddr)),
  ];
  const own = `${info.localAddress}:${info.port}`;
  // Every master accepts writes: while none holds the lock, each may be asked.
  const leader = () => leaderAddress(deps.cache.snapshot()) ?? own;
  app.get("/version", (c) =>
    c.text(
      JSON.stringify({
        GitCommit: info.gitCommit,
        Version: info.version,
        BuildTime: info.buildTime,
      }),
      200,
      TEXT,
    ));
  app.get("/info", (c) =>
    c.text(
      JSON.stringify({
        "current-state": leader() === own ? "leader" : "follower",
        "leader-ip": leader(),
        "local-ip": info.localAddress,
        "netmaster-nodes": addresses("netmaster"),
        "netplugin-nodes": addresses("netplugin"),
      }),
      200,
      TEXT,
    ));
  app.get("/healthz", async (c) => {
    const document = await health(deps);
    return c.json(document, document.ok ? 200 : 503);
  });
}

function fail(c: Context, { log }: MasterDependencies, error: unknown): Response {
  let reply = errorReply(error);
  if (!reply) {
    const requestId = crypto.randomUUID();
    log.error("{method} {path} failed unexpectedly (request id {requestId}): {error}", {
      method: c.req.method,
      path: c.req.path.slice(0, 256),
      requestId,
      error: error instanceof Error ? error.stack ?? error.message : String(error),
    });
    reply = internalError(requestId);
  }
  const { status, text } = isOriginalClient(c.req.header("user-agent"))
    ? forOriginalClient(error, reply)
    : reply;
  const rest = leavesBody(error) ? { connection: "close" } : {};
  return c.text(text, status, { ...TEXT, ...rest });
}

function nothingAt(path: string): string {
  const plurals = objectTypes.map(({ plural }) => plural);
  return `Nothing is at ${JSON.stringify(path.slice(0, 200))}. Objects are at /api/v1/<plural>/ (${
    plurals.join(", ")
  }); GET /openapi.json lists every path`;
}
