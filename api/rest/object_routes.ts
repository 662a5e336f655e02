/**
 * The model's routes: list, get, create or change, delete and inspect of every registered object.
 * @module
 */
import type { Context, Hono } from "hono";
import { IntentError } from "../../mod/intent/error.ts";
import type { IntentContext } from "../../mod/intent/context.ts";
import {
  getObject,
  inspectObject,
  listObjects,
  putObject,
  removeObject,
} from "../../mod/intent/objects.ts";
import { finishRemoval } from "../../mod/intent/network_removal.ts";
import type { ObjectType } from "../../mod/model/object.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";
import { transact } from "../../mod/state/transact.ts";
import type { MasterDependencies } from "./dependencies.ts";
import { endpointList } from "./endpoint_list.ts";
import { hostList } from "./host_list.ts";
import { goJson } from "./json.ts";
import { readJson } from "./request_body.ts";

/** What one request may take, store included. */
const DEADLINE_MS = 10_000;
/** Longer than any key that the model's field lengths allow. */
const KEY_LIMIT = 512;

export function deadline(): AbortSignal {
  return AbortSignal.timeout(DEADLINE_MS);
}

export function jsonReply(c: Context, value: unknown): Response {
  return c.body(goJson(value), 200, { "content-type": "application/json" });
}

/** The list of hosts. */
export function addHostRoutes(app: Hono, deps: MasterDependencies): void {
  app.get("/api/v1/hosts", (c) => jsonReply(c, hostList(deps.cache.snapshot())));
}

/** The list of endpoints, and `inspect/endpoints/{id}/`, which has no object of intent behind it. */
export function addEndpointRoutes(app: Hono, deps: MasterDependencies): void {
  app.get("/api/v1/endpoints", (c) => jsonReply(c, endpointList(deps.cache.snapshot())));
  app.get(
    "/api/v1/inspect/endpoints/:key",
    (c) => jsonReply(c, inspectObject(deps.cache.snapshot(), "endpoints", key(c))),
  );
}

export function addObjectRoutes(app: Hono, deps: MasterDependencies, type: ObjectType): void {
  const { cache, store } = deps;
  const { plural } = type;
  const put = async (c: Context) => {
    const objectKey = key(c);
    const body = await readJson(c.req.raw);
    const stored = await transact(
      store,
      cache,
      (snapshot) => putObject(snapshot, plural, objectKey, body, context(deps)),
      { signal: deadline(), domain: "objects" },
    );
    return jsonReply(c, stored);
  };
  const one = `/api/v1/${plural}/:key`;
  app.get(`/api/v1/${plural}`, (c) => jsonReply(c, listObjects(cache.snapshot(), plural)));
  app.get(one, (c) => jsonReply(c, getObject(cache.snapshot(), plural, key(c))));
  app.post(one, put);
  app.put(one, put);
  app.delete(one, async (c) => {
    const objectKey = key(c);
    const options = { signal: deadline(), domain: "objects" };
    const decide = (snapshot: Snapshot) => removeObject(snapshot, plural, objectKey, context(deps));
    const { key: removed, finished } = await transact(store, cache, decide, options);
    // What is not finished within the deadline, the leading master brings to its end.
    const goOn = (snapshot: Snapshot) => finishRemoval(snapshot, context(deps));
    for (let more = !finished; more;) {
      more = await transact(store, cache, goOn, options) !== undefined;
    }
    return jsonReply(c, removed);
  });
  app.get(
    `/api/v1/inspect/${plural}/:key`,
    (c) => jsonReply(c, inspectObject(cache.snapshot(), plural, key(c), deps.clusterMode)),
  );
}

function context({ now, clusterMode }: MasterDependencies): IntentContext {
  return { now: now(), clusterMode };
}

/** The key in the URL, decoded. The model judges its grammar; here only what could be no key at all is refused. */
function key(c: Context): string {
  const value = c.req.param("key") ?? "";
  if (value.length > KEY_LIMIT || /\p{Cc}|%/u.test(value)) {
    throw new IntentError(
      "invalid",
      "Invalid Key",
      `Keys have at most ${KEY_LIMIT} printable characters`,
    );
  }
  return value;
}
