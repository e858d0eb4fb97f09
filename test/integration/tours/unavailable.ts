import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeBatch, sentence, submit, untilEnded } from "../../support/fixtures.ts";
import { everythingIn, populate, type Populated } from "../../support/populated.ts";
import { expectProblem } from "../../support/problems.ts";
import { call, fill, readRoutes, type Route, takesKey } from "../../support/routes.ts";
import type { World } from "../../support/world.ts";
import { touredWorld } from "./toured-world.ts";

let world: World;
let routes: readonly Route[];
let own: Populated;
beforeAll(async () => {
  ({ world, own } = await touredWorld());
  // A stream goes on while MongoDB is down.
  routes = (await readRoutes(world.api)).filter(
    (route) => takesKey(route) && route.path !== "/v1/events/stream",
  );
});
let made = 0;

const ownBatch = () => ({
  kind: "batch",
  bucket_id: own.ids["bucket_id"],
  batch_id: own.ids["batch_id"],
});

/** A body with which the route does its work; what is made gets a name of its own. */
function bodyFor(route: Route): string {
  made += 1;
  const name = `made-${made}`;
  const { collection_id } = own.ids;
  const bodies: Readonly<Record<string, object>> = {
    "/v1/namespaces": { name },
    "/v1/buckets": { name },
    "/v1/collections": { name },
    "/v1/keys": { name, namespaces: ["own"] },
    "/v1/webhooks": { url: "https://hooks.example.com/in", event_types: ["*"] },
    "/v1/buckets/{bucket_id}/objects": { key: name, content: { text: "x" } },
    "/v1/buckets/{bucket_id}/objects/batch": { objects: [{ key: name, content: { text: "x" } }] },
    "/v1/buckets/{bucket_id}/batches": { all: true, collection_id },
    "/v1/webhooks/{webhook_id}": { description: name },
    "/v1/task-types/{type}": { executor_url: "https://executor.example.com/" },
    "/v1/event-types/{event_type}": { schema: { type: "object" }, description: name },
    "/v1/events": { type: own.ids["event_type"], data: {} },
    "/v1/tasks": { task_type: own.ids["type"], input: {} },
    "/v1/tasks/kill": { status: "PENDING" },
    "/v1/tasks/retry": { status: "FAILED" },
    "/v1/deliveries/retry": { all: true },
    "/v1/webhooks/{webhook_id}/replay": { from: "2026-01-01T00:00:00Z", which: "all" },
    "/v1/schedules": { name, cron: "0 0 1 1 *", submission: ownBatch() },
    "/v1/clusters": { name, collection_ids: [collection_id], k: 2 },
    "/v1/taxonomies": { name, nodes: [{ node_id: "a", label: "A" }] },
    "/v1/taxonomies/{taxonomy_id}/materialize": { collection_id },
    "/v1/namespaces/{namespace_id}/migrations": { target_name: name },
    "/v1/namespaces/{namespace_id}/migrations/{migration_id}/start": { delay: 3600 },
    "/v1/submissions": { submissions: [{ submission: ownBatch() }] },
  };
  return JSON.stringify(bodies[route.path] ?? {});
}

const DOWN = [
  { how: "cuts every connection", action: "cut" },
  { how: "is shutting down", action: "refuse" },
] as const;

describe("stores that fail", () => {
  beforeEach(async () => {
    // Every isolate's memory of keys and namespaces, so that the routes' own operations are hit.
    await own.api.post("/v1/buckets/list", {}).expect(200);
  });
  afterEach(() => world.stack.mongo?.faults.clear());

  describe.each(DOWN)("while MongoDB $how", ({ action }) => {
    it("every route that needs it answers 503 with Retry-After, and nothing is half-done", async () => {
      const before = await everythingIn(world);
      world.mongo.faults.add({
        phase: "before",
        match: () => true,
        action: { kind: action },
      });
      const failures: string[] = [];
      await Promise.all(
        routes.map(async (route) => {
          const answer = await call(own.api, route, fill(route, own.ids), bodyFor(route));
          try {
            if (`${route.method} ${route.path}` === "GET /v1/tasks/{task_id}") {
              expect(answer.status).toBe(200);
            } else {
              expectProblem(answer, 503, "store_unavailable");
              expect(answer.headers.get("Retry-After")).toBe("5");
            }
          } catch (error) {
            failures.push(`${route.method} ${route.path}: ${String(error)}`);
          }
        }),
      );
      world.stack.mongo?.faults.clear();
      expect(failures).toEqual([]);
      expect(await everythingIn(world)).toEqual(before);
    });
  });

  describe("a connection that breaks", () => {
    it.each(["before", "after"] as const)(
      "%s the database has written is no matter: what was asked for is made",
      async (phase) => {
        const failures: string[] = [];
        for (const route of routes) {
          if (route.method !== "POST" || /\/(list|kill|retry|skip)$/.test(route.path)) continue;
          const lift = world.mongo.faults.add({
            phase,
            match: ({ isWrite }) => isWrite,
            action: { kind: "cut" },
            times: 1,
          });
          const answer = await call(own.api, route, fill(route, own.ids), bodyFor(route));
          lift();
          const location = answer.headers.get("Location");
          const got = location === null ? null : await own.api.get(location);
          if (answer.status >= 300 || (got !== null && got.status !== 200)) {
            failures.push(`${route.path}: ${answer.text}, then ${got?.text}`);
          }
        }
        expect(failures).toEqual([]);
      },
    );
  });

  it("a connection that breaks after the database has deleted is no matter: it is answered as done", async () => {
    const { api, ids, batch } = await populate(world, "deleted");
    const { webhook_id, collection_id, document_id, key_id } = ids;
    const { cluster_id, taxonomy_id, schedule_id, type } = ids;
    for (const path of [
      `/v1/collections/${collection_id}/documents/${document_id}`,
      ...batch.objectIds.map((id) => `/v1/buckets/${batch.bucketId}/objects/${id}`),
      batch.path,
      `/v1/clusters/${cluster_id}`,
      `/v1/taxonomies/${taxonomy_id}`,
      `/v1/schedules/${schedule_id}`,
      `/v1/webhooks/${webhook_id}`,
      `/v1/keys/${key_id}`,
      `/v1/task-types/${type}`,
      `/v1/namespaces/deleted/migrations/${ids["migration_id"]}`,
      `/v1/collections/${collection_id}`,
      `/v1/buckets/${batch.bucketId}`,
      "/v1/namespaces/deleted",
    ]) {
      world.mongo.faults.add({
        phase: "after",
        match: ({ isWrite }) => isWrite,
        action: { kind: "cut" },
        times: 1,
      });
      await api.delete(path).expect(204);
      expect((await api.get(path)).status, path).toBe(404);
    }
  });

  describe("what isn't MongoDB", () => {
    it("may be down: a submit is accepted, and runs once the relay has found it", async () => {
      for (const [down, isJob] of [
        [world.stack.qstash.faults, true],
        [world.stack.redis.faults, false],
      ] as const) {
        const lift = down.add({ phase: "before", match: () => true, action: { kind: "cut" } });
        const { task_id } = await submit(own.api, await makeBatch(own.api, [sentence(1)]));
        lift();
        if (isJob) await world.runMinuteCron(61_000);
        expect(await untilEnded(own.api, task_id)).toMatchObject({ status: "COMPLETED" });
      }
    });
  });
});
