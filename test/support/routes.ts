import { z } from "zod";
import type { Answer, Api } from "./api.ts";

const Operation = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.unknown().optional(),
});

const Spec = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

/** One route as `/openapi.json` has it. */
export type Route = {
  readonly method: string;
  /** `/v1/buckets/{bucket_id}`. */
  readonly path: string;
  readonly pathParameters: readonly string[];
  readonly hasBody: boolean;
  /** Whether it takes `limit` and `cursor`. */
  readonly isList: boolean;
};

/** Every route under `/v1` of the running worker's own description. */
export async function readRoutes(api: Api): Promise<readonly Route[]> {
  const { paths } = Spec.parse((await api.get("/openapi.json").expect(200)).body);
  const versioned = Object.entries(paths).filter(([path]) => path.startsWith("/v1/"));
  return versioned.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ""),
      hasBody: operation.requestBody !== undefined,
      isList: path.endsWith("/list") && operation.parameters.some(({ name }) => name === "cursor"),
    })),
  );
}

/** Whether a route is for the callers with a key: an executor reports with its task's own token. */
export function takesKey({ method, path }: Route): boolean {
  return `${method} ${path}` !== "PATCH /v1/tasks/{task_id}";
}

/** The route's address with these ids. Throws when one is missing: give the new one a fixture. */
export function fill(route: Route, ids: Readonly<Record<string, string>>): string {
  return route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name];
    if (id === undefined) throw new Error(`no id for ${name} of ${route.path}`);
    return encodeURIComponent(id);
  });
}

/** Calls a route with a JSON text, or without a body when the route takes none. */
export function call(api: Api, route: Route, path: string, json: string): Promise<Answer> {
  return route.hasBody
    ? api.raw(route.method, path, json, { "Content-Type": "application/json" })
    : api.raw(route.method, path, null, {});
}
