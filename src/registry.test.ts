import { expect, it } from "vitest";
import { INDEXES, REGISTRY } from "../test/support/registry.ts";

it("no two indexes of a collection have the same name or the same fields", () => {
  const names = INDEXES.map((index) => `${index.collection}.${index.name}`);
  const keys = INDEXES.map((index) => `${index.collection} ${JSON.stringify(index.key)}`);
  expect(new Set(names).size).toBe(INDEXES.length);
  expect(new Set(keys).size).toBe(INDEXES.length);
});

it("what the services promise to be unique is unique by an index", () => {
  const unique = INDEXES.filter((index) => index.unique).map(
    (index) => `${index.collection}: ${Object.keys(index.key).join(", ")}`,
  );
  expect(unique.toSorted()).toEqual([
    "buckets: namespace_id, name",
    "clusters: namespace_id, name",
    "collections: namespace_id, name",
    "event_positions: event_id",
    "event_types: namespace_id, name",
    "keys: hash",
    "migrations: namespace_id, name",
    "namespaces: name",
    "objects: bucket_id, key",
    "schedules: namespace_id, name",
    "task_types: namespace_id, name",
    "tasks: namespace_id, concurrency_slot",
    "tasks: namespace_id, idempotency_slot",
    "tasks: namespace_id, singleton_slot",
    "taxonomies: namespace_id, name",
    "webhooks: namespace_id, idempotency_slot",
  ]);
});

it("no subscriber is there until the deployer adds one", () => {
  expect(REGISTRY.subscribers.size).toBe(0);
});
