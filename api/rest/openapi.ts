/**
 * The OpenAPI 3.1 document of the API, made from the schemas that the model itself declares.
 * @module
 */
import { createRoute, OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { ObjectType } from "../../mod/model/object.ts";
import { endpointListItem } from "./endpoint_list.ts";
import { healthDocument } from "./health.ts";
import { hostListItem } from "./host_list.ts";
import {
  allocAddressReply,
  allocAddressRequest,
  createEndpointRequest,
  deleteEndpointRequest,
  endpointReply,
  releaseAddressRequest,
  updateEndpointReply,
  updateEndpointRequest,
} from "./plugin_wire.ts";

type Registry = OpenAPIHono["openAPIRegistry"];
type Responses = RouteConfig["responses"];

const errorText = z.string().describe(
  "First line: what was refused and why. Lines after it: what to do",
);

const REFUSALS: Responses = {
  400: refusal("The request is wrong", "tenantName string invalid format\n"),
  404: refusal("There is no such object", "network not found\n"),
  409: refusal(
    "The state of other objects forbids it, or nothing is left to give",
    "Error: Network has active endpoints\n",
  ),
  413: refusal(
    "The body is larger than 256 KiB",
    "the request's body is larger than 262144 bytes\n",
  ),
  503: refusal("The store cannot be reached, or the cluster is not configured yet", undefined),
};

export function openApiDocument(
  types: readonly ObjectType[],
  version: string,
): ReturnType<OpenAPIHono["getOpenAPI31Document"]> {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  for (const type of types) addObject(registry, type);
  addLists(registry);
  addPlugin(registry);
  addDocuments(registry);
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Contiv master",
      version,
      description:
        "Networks with policy for containers. Success is always 200 with JSON; errors are text/plain. " +
        "A client with the user agent `Go-http-client/1.1` (the original netctl) gets every error but " +
        "`page not found` as status 500.",
    },
  });
}

function addObject(registry: Registry, type: ObjectType): void {
  const name = type.type[0]?.toUpperCase() + type.type.slice(1);
  const oper = type.operSchema && register(registry, `${name}Oper`, type.operSchema);
  const tags = [type.plural];
  const key = keyParameter(type);
  const one = `/api/v1/${type.plural}/{key}/`;
  if (!type.inspectOnly) {
    const schema = register(registry, name, type.schema);
    const echoed = json(schema, "The object");
    const add = (
      method: "get" | "post" | "put" | "delete",
      path: string,
      more: Partial<RouteConfig>,
    ) => registry.registerPath(createRoute({ responses: {}, ...more, method, path, tags }));
    add("get", `/api/v1/${type.plural}/`, {
      summary: `List all ${type.plural}`,
      description: type.description,
      responses: { 200: json(z.array(schema), "All of them, of every tenant"), ...only(503) },
    });
    add("get", one, {
      summary: `Get one ${type.type}`,
      request: { params: key },
      responses: { 200: echoed, ...only(400, 404, 503) },
    });
    for (const method of ["post", "put"] as const) {
      add(method, one, {
        summary: `Create or change one ${type.type}`,
        description: "The key in the path must be the one that the body's fields make.",
        request: { params: key, body: { required: true, ...json(schema, "The complete object") } },
        responses: { 200: echoed, ...REFUSALS },
      });
    }
    add("delete", one, {
      summary: `Delete one ${type.type}`,
      request: { params: key },
      responses: { 200: json(z.string(), "The key"), ...only(400, 404, 409, 503) },
    });
  }
  registry.registerPath(createRoute({
    method: "get",
    path: `/api/v1/inspect/${type.plural}/{key}/`,
    tags,
    summary: `Inspect one ${type.type}: what was configured and what became of it`,
    request: { params: key },
    responses: {
      200: json(inspectDocument(type, oper), "Config and Oper"),
      ...only(400, 404, 503),
    },
  }));
}

/** A schema made before the OpenAPI methods were added to zod lacks them; one made anew of its fields has them. */
function register(registry: Registry, name: string, schema: z.ZodObject): z.ZodObject {
  return registry.register(name, z.object(schema.shape));
}

function inspectDocument(type: ObjectType, oper: z.ZodType | undefined): z.ZodType {
  return z.object({
    ...(type.inspectOnly ? {} : { Config: type.schema }),
    ...(oper ? { Oper: oper } : {}),
  });
}

function keyParameter(type: ObjectType): z.ZodObject<{ key: z.ZodString }> {
  const form = type.inspectOnly ? "id, container id or container name" : type.keyFields.join(":");
  return z.object({ key: z.string().describe(form) });
}

function addLists(registry: Registry): void {
  registry.registerPath(createRoute({
    method: "get",
    path: "/api/v1/endpoints/",
    tags: ["endpoints"],
    summary: "List all endpoints",
    responses: {
      200: json(z.array(endpointListItem), "All of them, of every tenant"),
      ...only(503),
    },
  }));
  registry.registerPath(createRoute({
    method: "get",
    path: "/api/v1/hosts/",
    tags: ["hosts"],
    summary: "List all hosts",
    responses: { 200: json(z.array(hostListItem), "All of them"), ...only(503) },
  }));
}

function addPlugin(registry: Registry): void {
  const calls: readonly (readonly [string, z.ZodType, z.ZodType, string])[] = [
    ["allocAddress", allocAddressRequest, allocAddressReply, "Hold an address for an agent's IPAM"],
    ["releaseAddress", releaseAddressRequest, z.literal("success"), "Give such an address back"],
    ["createEndpoint", createEndpointRequest, endpointReply, "Register an endpoint"],
    ["deleteEndpoint", deleteEndpointRequest, endpointReply, "Remove an endpoint"],
    ["updateEndpoint", updateEndpointRequest, updateEndpointReply, "Tell container and labels"],
  ];
  for (const [name, request, reply, summary] of calls) {
    registry.registerPath(createRoute({
      method: "post",
      path: `/plugin/${name}`,
      tags: ["plugin"],
      summary,
      request: { body: { required: true, ...json(request, "The call") } },
      responses: {
        200: json(reply, "Done"),
        ...REFUSALS,
        415: refusal("Content-Type is not application/json", undefined),
      },
    }));
  }
}

function addDocuments(registry: Registry): void {
  const add = (path: string, summary: string, responses: Responses) =>
    registry.registerPath(
      createRoute({ method: "get", path, tags: ["master"], summary, responses }),
    );
  add("/version", "Version of this master, as JSON text", {
    200: text('{"GitCommit":"…","Version":"0.1.0","BuildTime":"…"}'),
  });
  add("/info", "Addresses of this master, as JSON text", {
    200: text('{"current-state":"leader","leader-ip":"10.0.0.1:9999","local-ip":"10.0.0.1"}'),
  });
  add("/healthz", "Whether this master can do its work", {
    200: json(healthDocument, "It can"),
    503: json(healthDocument, "It cannot: the store is unreachable or the cache is not in sync"),
  });
  add("/openapi.json", "This document", { 200: json(z.object({}).loose(), "OpenAPI 3.1") });
}

function json(schema: z.ZodType, description: string) {
  return { description, content: { "application/json": { schema } } };
}

function text(example: string) {
  return {
    description: "JSON, sent as text/plain as the original did",
    content: { "text/plain": { schema: z.string(), example } },
  };
}

function refusal(description: string, example: string | undefined) {
  const content = { schema: errorText, ...(example === undefined ? {} : { example }) };
  return { description, content: { "text/plain": content } };
}

function only(...statuses: (keyof typeof REFUSALS)[]): Responses {
  return Object.fromEntries(
    statuses.flatMap((status) => REFUSALS[status] ? [[status, REFUSALS[status]]] : []),
  );
}
