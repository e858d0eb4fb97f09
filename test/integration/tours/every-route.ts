import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Answer, Api } from "../../support/api.ts";
import { everythingIn, type Populated } from "../../support/populated.ts";
import { expectInvalid, expectProblem } from "../../support/problems.ts";
import { call, fill, readRoutes, type Route, takesKey } from "../../support/routes.ts";
import type { World } from "../../support/world.ts";
import { touredWorld } from "./toured-world.ts";

/**
 * What holds for every route, read from the worker's own `/openapi.json`: a new route is covered
 * as soon as it is there. A new kind of id needs a fixture in `populated.ts`, and a body with
 * required fields a line here; the tests say so when one is missing.
 */
const VALID_BODIES: Readonly<Record<string, object>> = {
  "POST /v1/buckets/{bucket_id}/objects": { content: { text: "x" } },
  "POST /v1/buckets/{bucket_id}/objects/batch": { objects: [{ content: { text: "x" } }] },
  "POST /v1/buckets/{bucket_id}/batches": { all: true, collection_id: "col" },
  "PUT /v1/task-types/{type}": { executor_url: "https://executor.example.com/" },
  "PUT /v1/event-types/{event_type}": { schema: { type: "object" } },
  "POST /v1/events": { type: "own.happened", data: {} },
  "POST /v1/tasks": { task_type: "own.work", input: {} },
  "POST /v1/taxonomies/{taxonomy_id}/materialize": { collection_id: "col" },
  "POST /v1/namespaces/{namespace_id}/migrations": { target_name: "copy" },
  "POST /v1/tasks/kill": { status: "PENDING" },
  "POST /v1/tasks/retry": { status: "FAILED" },
  "POST /v1/webhooks/{webhook_id}/replay": { from: "2026-01-01T00:00:00Z", which: "failed" },
  "POST /v1/deliveries/retry": { event_type: "task.failed" },
};

let world: World;
let routes: readonly Route[];
let own: Populated;
let other: Populated;
beforeAll(async () => {
  ({ world, own, other } = await touredWorld());
  routes = await readRoutes(world.api);
});

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

/** Runs a check on routes and reports all that fail together; nothing may be written meanwhile. */
async function onEvery(
  isMeant: (route: Route) => boolean,
  check: (route: Route) => Promise<void>,
): Promise<void> {
  const meant = routes.filter(isMeant);
  expect(meant.length).toBeGreaterThan(5);
  const before = await everythingIn(world);
  const failures: string[] = [];
  for (const route of meant) {
    await check(route).catch((error: unknown) => {
      failures.push(`${nameOf(route)}: ${String(error)}`);
    });
  }
  expect(failures).toEqual([]);
  expect(await everythingIn(world)).toEqual(before);
}

const isNamespaced = (route: Route) =>
  takesKey(route) && !/^\/v1\/(namespaces|keys|tasks\/list)/.test(route.path);
/** Ids that name what is there; a PUT makes what isn't. */
const hasIds = (route: Route) =>
  takesKey(route) && route.pathParameters.length > 0 && route.method !== "PUT";
/** A report is looked into behind its token only. */
const takesBody = (route: Route) => takesKey(route) && route.hasBody;
const bodyOf = (route: Route) => JSON.stringify(VALID_BODIES[nameOf(route)] ?? {});

/** Calls the route with each of its ids in turn replaced; the others are real. */
async function withEachId(
  api: Api,
  route: Route,
  replace: (name: string) => string,
  check: (answer: Answer) => void,
): Promise<void> {
  for (const name of route.pathParameters) {
    const path = fill(route, { ...own.ids, [name]: replace(name) });
    check(await call(api, route, path, bodyOf(route)));
  }
}

const expectNotFound = (answer: Answer) => expectProblem(answer, 404, "not_found");

describe("every route", () => {
  it("without a key, with an unknown one or a malformed header answers 401 and says how to authenticate", () =>
    onEvery(
      () => true,
      async (route) => {
        const path = fill(route, own.ids);
        const json = { "Content-Type": "application/json" };
        for (const value of ["", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer a b"]) {
          const headers = { ...(route.hasBody && json), "X-Namespace": "own" };
          const answer = await own.api.raw(route.method, path, route.hasBody ? "{}" : null, {
            ...headers,
            Authorization: value,
          });
          expectProblem(answer, 401, "unauthenticated");
          expect(answer.headers.get("WWW-Authenticate")).toBe('Bearer realm="waybill"');
        }
      },
    ));

  it("of a namespace without X-Namespace answers 400 and says what to send", () =>
    onEvery(isNamespaced, async (route) => {
      const answer = await call(world.api, route, fill(route, own.ids), bodyOf(route));
      expect(expectProblem(answer, 400, "namespace_required").detail).toContain("X-Namespace");
    }));

  it("of a namespace that doesn't exist answers 404", () =>
    onEvery(isNamespaced, async (route) => {
      const api = world.api.as({ namespace: "nowhere" });
      expectNotFound(await call(api, route, fill(route, own.ids), bodyOf(route)));
    }));

  it("with an id that doesn't exist answers 404", () =>
    onEvery(hasIds, async (route) => {
      const absent = (name: string) => (own.ids[name] ?? "").replace(/.{4}$/, "0000");
      await withEachId(own.api, route, absent, expectNotFound);
    }));

  it("with an id of another kind answers 404", () =>
    onEvery(hasIds, async (route) => {
      const kinds = Object.keys(own.ids);
      const next = (name: string) => kinds[(kinds.indexOf(name) + 1) % kinds.length] ?? "";
      await withEachId(own.api, route, (name) => own.ids[next(name)] ?? "", expectNotFound);
    }));

  it("with what is no id at all answers 400 or 404, never 500", () =>
    onEvery(hasIds, async (route) => {
      for (const odd of ["%", "\u0000", "\ud83d\ude00", "$where", "../x", "x".repeat(300)]) {
        await withEachId(
          own.api,
          route,
          () => odd,
          (answer) => {
            if (answer.status === 400) expectProblem(answer, 400, "invalid_request");
            else expectNotFound(answer);
          },
        );
      }
    }));

  it("with an id of another namespace answers as for one that doesn't exist", () =>
    onEvery(
      (route) => hasIds(route) && isNamespaced(route),
      async (route) => {
        await withEachId(own.api, route, (name) => other.ids[name] ?? "", expectNotFound);
      },
    ));

  it("that takes a body refuses what isn't JSON, and what isn't an object", () =>
    onEvery(takesBody, async (route) => {
      const path = fill(route, own.ids);
      for (const text of ["{", '{"name":', "name=x", "{'a':1}", '{"a":1}}', "\u0000"]) {
        expectProblem(await call(own.api, route, path, text), 400, "malformed_json");
      }
      for (const text of ["[]", "null", "1", '"text"', "true"]) {
        const problem = expectProblem(
          await call(own.api, route, path, text),
          400,
          "invalid_request",
        );
        expect(problem.detail).toContain("expected object");
      }
    }));

  it("that takes a body refuses another media type with 415, however near to JSON", () =>
    onEvery(takesBody, async (route) => {
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json-seq",
        "application/vnd.api2+json",
        "application/jsonp",
      ]) {
        const headers = { "Content-Type": type };
        const answer = await own.api.raw(route.method, fill(route, own.ids), "{}", headers);
        const problem = expectProblem(answer, 415, "unsupported_media_type");
        expect(problem.detail).toContain("application/json");
      }
    }));

  it("that takes a body names the field that it doesn't know", () =>
    onEvery(takesBody, async (route) => {
      const body = JSON.stringify({ ...VALID_BODIES[nameOf(route)], colour: "blue" });
      const answer = await call(own.api, route, fill(route, own.ids), body);
      expect(expectInvalid(answer, "colour").detail).not.toContain("blue");
    }));

  it("that lists refuses a cursor that it didn't give, and a limit out of range", () =>
    onEvery(
      (route) => route.isList,
      async (route) => {
        const path = fill(route, own.ids);
        for (const cursor of ["zzz", "", "%", btoa("1.x"), btoa("0.bkt_0"), "x".repeat(400)]) {
          const answer = await call(own.api, route, path, JSON.stringify({ cursor }));
          expect(expectProblem(answer, 400, "invalid_cursor").errors?.[0]?.path).toBe("cursor");
        }
        for (const limit of [0, -1, 201, 1.5, "10", null]) {
          expectInvalid(await call(own.api, route, path, JSON.stringify({ limit })), "limit");
        }
        for (const limit of ["0", "201", "x", "1.5", ""]) {
          expectInvalid(await call(own.api, route, `${path}?limit=${limit}`, "{}"), "limit");
        }
        expectInvalid(await call(own.api, route, `${path}?offset=1`, "{}"), "offset");
      },
    ));

  it("that lists takes an absent body for {}, with and without a media type", () =>
    onEvery(
      (route) => route.isList,
      async (route) => {
        const path = fill(route, own.ids);
        const headers = [{}, { "Content-Type": "application/json" }, { "Content-Type": "text/x" }];
        for (const given of headers) {
          await own.api.raw(route.method, path, null, given).expect(200);
        }
      },
    ));

  it("answers a method that it doesn't have with 405 and those that it has", () =>
    onEvery(
      () => true,
      async (route) => {
        const path = fill(route, own.ids);
        const known = routes.filter((one) => one.path === route.path).map((one) => one.method);
        // To a PUT of a type any last segment is a name.
        const isOfType = /^\/v1\/(task|event)-types\//.test(route.path);
        const methods = isOfType ? ["OPTIONS"] : ["PUT", "OPTIONS"];
        for (const method of methods) {
          const answer = await own.api.raw(method, path, null, {});
          expectProblem(answer, 405, "method_not_allowed");
          const allowed = answer.headers.get("Allow")?.split(", ") ?? [];
          for (const one of known) expect(allowed).toContain(one);
        }
      },
    ));

  it("refuses a body over 1 MiB with 413, with its length told and without", () =>
    onEvery(takesBody, async (route) => {
      const bytes = new TextEncoder().encode(JSON.stringify({ name: "x".repeat(1_048_577) }));
      const path = fill(route, own.ids);
      const headers = { "Content-Type": "application/json" };
      const told = await own.api.raw(route.method, path, bytes, headers);
      expectProblem(told, 413, "payload_too_large");
      const streamed = await fetch(`${world.worker.url}${path}`, {
        method: route.method,
        body: new Blob([bytes]).stream(),
        duplex: "half",
        headers: {
          ...headers,
          Authorization: `Bearer ${world.stack.adminKey}`,
          "X-Namespace": "own",
        },
      });
      expect(streamed.status).toBe(413);
      const problem = z.object({ code: z.string() }).parse(await streamed.json());
      expect(problem.code).toBe("payload_too_large");
    }));
});

describe("a path that nothing serves", () => {
  it("answers 404, whoever asks", async () => {
    for (const path of ["/v1/nonsense", "/v1", "/v2/tasks/x", "/v1/buckets/x/y/z", "/admin"]) {
      const problem = expectProblem(await own.api.get(path), 404, "not_found");
      expect(problem.instance).toBe(path);
      expect((await fetch(`${world.worker.url}${path}`)).status).toBe(404);
    }
  });
});

it("no request of this file was an error of the worker's own", () => {
  expect(world.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
