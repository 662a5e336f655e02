import assert from "node:assert/strict";
import { objectTypes } from "../../mod/model/registry.ts";
import { openApiDocument } from "./openapi.ts";

// As sent: functions and undefined fields are gone.
const document = JSON.parse(JSON.stringify(openApiDocument(objectTypes, "0.1.0")));

function* references(value: unknown): Iterable<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (key === "$ref" && typeof item === "string") yield item;
    else yield* references(item);
  }
}

Deno.test("openApiDocument has every route of every object when the model is complete", () => {
  for (const { plural, inspectOnly } of objectTypes) {
    assert(document.paths[`/api/v1/inspect/${plural}/{key}/`].get, plural);
    assert(document.paths[`/api/v1/${plural}/`].get, plural);
    if (inspectOnly) continue;
    assert.deepEqual(Object.keys(document.paths[`/api/v1/${plural}/{key}/`]).sort(), [
      "delete",
      "get",
      "post",
      "put",
    ]);
  }
  for (const path of ["/version", "/info", "/healthz", "/openapi.json"]) {
    assert(document.paths[path].get);
  }
  for (
    const call of [
      "allocAddress",
      "releaseAddress",
      "createEndpoint",
      "deleteEndpoint",
      "updateEndpoint",
    ]
  ) {
    assert(document.paths[`/plugin/${call}`].post);
  }
});

Deno.test("openApiDocument is a sound OpenAPI 3.1 document when read by a tool", () => {
  assert.equal(document.openapi, "3.1.0");
  for (const reference of references(document)) {
    const name = /^#\/components\/schemas\/(.+)$/.exec(reference)?.[1] ?? "";
    assert(document.components.schemas[name], reference);
  }
  for (const [path, operations] of Object.entries<Record<string, Operation>>(document.paths)) {
    const parameters = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    for (const [method, operation] of Object.entries(operations)) {
      const what = `${method} ${path}`;
      assert(operation.summary, what);
      assert.deepEqual((operation.parameters ?? []).map(({ name }) => name), parameters, what);
      const responses = Object.entries(operation.responses);
      assert(responses.some(([status]) => status === "200"), what);
      assert(responses.every(([, response]) => response.description), what);
    }
  }
});

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

Deno.test("openApiDocument describes every field of every object when the model declares it", () => {
  for (const { type, fields, inspectOnly } of objectTypes) {
    if (inspectOnly) continue;
    const schema = document.components.schemas[type[0]?.toUpperCase() + type.slice(1)];
    for (const field of fields) {
      assert(schema.properties[field]?.description, `${type}.${field} has no description`);
    }
  }
});
