import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CollectionSchema, FieldType } from "./collection-store.ts";
import { growSchema, MAX_SCHEMA_FIELDS, type Written } from "./grow-schema.ts";
import { presentSchema } from "./present-schema.ts";

const EMBEDDER = "hashed-ngram-256";
const NEW: CollectionSchema = { embedding: { dimensions: 256 } };
const START = Date.parse("2026-11-24T00:00:00Z");

const grow = (writes: readonly Written[], schema = NEW) =>
  growSchema({ embedder: EMBEDDER, schema }, writes);

const write = (
  minute: number,
  taskId: string,
  fields: Record<string, readonly FieldType[]>,
  more: Partial<Written> = {},
): Written => ({
  at: new Date(START + minute * 60_000),
  taskId,
  embedder: EMBEDDER,
  dimensions: 256,
  fields: Object.entries(fields).map(([name, types]) => ({ name, types })),
  moreFields: false,
  ...more,
});

const presented = (schema: CollectionSchema) =>
  presentSchema({
    _id: "col_1",
    namespace_id: "ns_1",
    name: "c",
    status: "ACTIVE",
    embedder: EMBEDDER,
    schema,
    metadata: {},
    created_at: new Date(START),
    updated_at: new Date(START),
  });

describe("a schema", () => {
  test("grows by fields and types, each with when it was first seen and by which task", () => {
    const schema = grow([
      write(1, "tsk_a", { year: ["number"] }),
      write(2, "tsk_b", { by: ["string"] }),
    ]);
    expect(presented(schema).fields).toEqual([
      {
        name: "by",
        types: [{ type: "string", first_seen_at: "2026-11-24T00:02:00.000Z", task_id: "tsk_b" }],
      },
      {
        name: "year",
        types: [{ type: "number", first_seen_at: "2026-11-24T00:01:00.000Z", task_id: "tsk_a" }],
      },
    ]);
    expect(presented(schema).conflicts).toEqual([]);
  });

  test("reports a field that was written with two types", () => {
    const schema = grow([
      write(2, "tsk_b", { year: ["string"] }),
      write(1, "tsk_a", { year: ["number"] }),
    ]);
    expect(presented(schema).conflicts).toMatchObject([
      {
        kind: "field",
        field: "year",
        types: [
          { type: "number", task_id: "tsk_a" },
          { type: "string", task_id: "tsk_b" },
        ],
      },
    ]);
  });

  test("reports vectors of another length or embedder than declared", () => {
    const schema = grow([
      write(1, "tsk_a", {}, { dimensions: 384 }),
      write(2, "tsk_b", {}, { embedder: "other" }),
      write(3, "tsk_c", {}, { dimensions: null }),
    ]);
    expect(presented(schema).conflicts).toMatchObject([
      {
        kind: "vector",
        field: null,
        types: [
          { type: "hashed-ngram-256 of 256 dimensions", task_id: null },
          { type: "hashed-ngram-256 of 384 dimensions", task_id: "tsk_a" },
          { type: "other of 256 dimensions", task_id: "tsk_b" },
        ],
      },
    ]);
  });

  test("that nothing new was written to is the same one", () => {
    const first = grow([write(1, "tsk_a", { year: ["number"] })]);
    expect(grow([write(1, "tsk_a", { year: ["number"] })], first)).toBe(first);
    expect(grow([write(5, "tsk_b", { year: ["number"] })], first)).toBe(first);
    expect(grow([], NEW)).toBe(NEW);
  });

  test("keeps so many fields and says that there are more", () => {
    const names = Array.from({ length: MAX_SCHEMA_FIELDS + 5 }, (_, index) => `field-${index}`);
    const types: Record<string, readonly FieldType[]> = Object.fromEntries(
      names.map((name) => [name, ["string" as const]]),
    );
    const schema = grow([write(1, "tsk_a", types)]);
    expect(schema.fields).toHaveLength(MAX_SCHEMA_FIELDS);
    expect(schema.more_fields).toBe(true);
    expect(grow([write(1, "tsk_a", types)], schema)).toBe(schema);
    const later = grow([write(2, "tsk_b", { "field-0": ["number"] })], schema);
    expect(presented(later).conflicts).toHaveLength(1);
  });
});

const anyWrite = fc
  .record({
    minute: fc.nat(9),
    task: fc.constantFrom("tsk_a", "tsk_b", "tsk_c"),
    fields: fc.dictionary(
      fc.constantFrom("a", "b", "__proto__", "constructor"),
      fc.uniqueArray(fc.constantFrom<FieldType>("string", "number", "boolean"), { minLength: 1 }),
    ),
    dimensions: fc.constantFrom(256, 384),
    moreFields: fc.boolean(),
  })
  .map(({ minute, task, fields, dimensions, moreFields }) =>
    write(minute, task, fields, { dimensions, moreFields }),
  );

test("whatever was written, in whatever order and how often, leads to the same schema", () => {
  fc.assert(
    fc.property(fc.array(anyWrite, { maxLength: 8 }), fc.nat(), (writes, seed) => {
      const shuffled = [...writes, ...writes].toSorted(
        (one, other) =>
          ((one.at.getTime() * 7 + seed) % 13) - ((other.at.getTime() * 7 + seed) % 13),
      );
      const atOnce = presented(grow(writes));
      const oneByOne = shuffled.reduce((schema, one) => grow([one], schema), NEW);
      expect(presented(oneByOne)).toEqual(atOnce);
    }),
  );
});
