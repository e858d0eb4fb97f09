import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "zod";
import { invalidInput } from "../engine/invalid-input.ts";
import type { AppEnv } from "./app-env.ts";
import { RouterByMethod } from "./router-by-method.ts";

/** A router that answers invalid input with one `invalid_request` that names every wrong field. */
export function createRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    router: new RouterByMethod(),
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.error.issues);
    },
  });
}

/** A JSON response in a route's definition. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { content: { "application/json": { schema } }, description };
}

/** The same, with a `Location` header that has the path of the created resource. */
export function jsonAt<Schema extends z.ZodType>(schema: Schema, description: string) {
  const Location = { schema: { type: "string" as const }, description: "Its path", required: true };
  return { ...json(schema, description), headers: { Location } };
}

/** A required JSON request body in a route's definition, with an example. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema, example: z.input<Schema>) {
  return { content: { "application/json": { schema, example } }, required: true as const };
}

/** A JSON request body that may be absent, which then counts as `{}`. */
export function optionalJsonBody<Schema extends z.ZodType>(
  schema: Schema,
  example: z.input<Schema>,
) {
  return { content: { "application/json": { schema, example } }, required: false as const };
}
