import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../test/webhooks/harness.ts";
import type { CollectionRecord } from "./collection-store.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { createCollectionStore } from "./create-collection-store.ts";
import { createSchemaStore } from "./create-schema-store.ts";
import { createCollection } from "./create-collection.ts";
import { presentSchema } from "./present-schema.ts";
import type { ServiceContext } from "../../engine/context.ts";
import { dispatchEvents } from "../../engine/events/dispatch-events.ts";

type Told = {
  readonly fields: readonly { readonly name: string; readonly types: readonly string[] }[];
  readonly dimensions?: number;
};

/** A harness with a collection, whose log is kept. */
async function setUp() {
  const h = createHarness();
  const collection = await createCollection({ ctx: h.ctx, input: { name: "c" } });
  const warnings: unknown[] = [];
  const ctx: ServiceContext = {
    ...h.ctx,
    runtime: {
      ...h.ctx.runtime,
      log: (level, message, fields) => {
        if (level === "warn") warnings.push({ message, ...fields });
      },
    },
  };
  return { h, ctx, collection, warnings };
}

/** A task that wrote to a collection and has not been dispatched. */
async function wrote(h: Harness, collection: CollectionRecord, told: Told): Promise<TaskRecord> {
  h.advance(1000);
  const base = await h.taskWith(["collection.documents.written"]);
  const [event] = base.pending_events;
  if (event === undefined) throw new Error("there is no event");
  const data = {
    ...event.data,
    collection_id: collection._id,
    documents_written: 3,
    embedding: {
      embedder: collection.embedder,
      dimensions: told.dimensions ?? 256,
      declared_dimensions: 256,
    },
    fields: told.fields,
    more_fields: false,
  };
  const taskId = h.ctx.runtime.newId("task");
  const task = {
    ...base,
    _id: taskId,
    idempotency_slot: taskId,
    singleton_slot: taskId,
    concurrency_slot: taskId,
    pending_events: [{ ...event, event_id: h.ctx.runtime.newId("event"), data }],
  };
  await h.ctx.stores.tasks.insert(task);
  return task;
}

const dispatch = (ctx: ServiceContext, task: TaskRecord) =>
  dispatchEvents({ ctx, input: { source: "task", id: task._id } });

async function schemaOf({ ctx }: Harness, { _id }: CollectionRecord) {
  const found = await createSchemaStore(ctx.database).read(ctx.namespace._id, _id);
  if (found === null) throw new Error("the collection is gone");
  return presentSchema(found);
}

const YEAR = { name: "year", types: ["number"] };

describe("the schema update", () => {
  test("lets the collection's schema grow by what an event tells, and reports a conflict once", async () => {
    const { h, ctx, collection, warnings } = await setUp();
    const first = await wrote(h, collection, { fields: [YEAR] });
    const second = await wrote(h, collection, { fields: [{ name: "year", types: ["string"] }] });
    const third = await wrote(h, collection, { fields: [YEAR, { name: "by", types: ["string"] }] });
    // The later one comes first.
    for (const task of [second, first, third]) await dispatch(ctx, task);
    const schema = await schemaOf(h, collection);
    expect(schema.fields.map(({ name }) => name)).toEqual(["by", "year"]);
    expect(schema.conflicts).toMatchObject([
      {
        field: "year",
        types: [
          { type: "number", task_id: first._id },
          { type: "string", task_id: second._id },
        ],
      },
    ]);
    expect(warnings).toMatchObject([
      {
        message: "a collection's schema has a conflict",
        collection_id: collection._id,
        field: "year",
      },
    ]);
  });

  test("that runs twice changes nothing the second time", async () => {
    const { h, ctx, collection } = await setUp();
    const task = await wrote(h, collection, { fields: [YEAR] });
    const stores = {
      ...ctx.stores,
      events: { ...ctx.stores.events, insertMany: () => Promise.reject(new Error("crash")) },
    };
    await expect(dispatch({ ...ctx, stores }, task)).rejects.toThrow("crash");
    const grown = await createSchemaStore(ctx.database).read(h.ctx.namespace._id, collection._id);
    h.advance(1000);
    await dispatch(ctx, task);
    expect(await createSchemaStore(ctx.database).read(h.ctx.namespace._id, collection._id)).toEqual(
      grown,
    );
  });

  test("by two at once keeps what both saw", async () => {
    const { h, ctx, collection } = await setUp();
    const tasks = [
      await wrote(h, collection, { fields: [YEAR] }),
      await wrote(h, collection, { fields: [{ name: "by", types: ["string"] }] }),
      await wrote(h, collection, { fields: [], dimensions: 384 }),
    ];
    await Promise.all(tasks.map((task) => dispatch(ctx, task)));
    const schema = await schemaOf(h, collection);
    expect(schema.fields.map(({ name }) => name)).toEqual(["by", "year"]);
    expect(schema.conflicts).toMatchObject([{ kind: "vector" }]);
  });

  test("asks for nothing when there is nothing to learn", async () => {
    const { h, ctx, collection } = await setUp();
    const task = await wrote(h, collection, { fields: [] });
    h.gateway.operations.length = 0;
    await dispatch(ctx, task);
    expect(h.gateway.operations.filter((one) => one.endsWith(" collections"))).toEqual([]);
  });

  test("costs one read when nothing is new, and one write more when something is", async () => {
    const { h, ctx, collection } = await setUp();
    for (const expected of [["findOne", "updateOne"], ["findOne"]]) {
      const task = await wrote(h, collection, { fields: [YEAR] });
      h.gateway.operations.length = 0;
      await dispatch(ctx, task);
      const own = h.gateway.operations.filter((one) => one.endsWith(" collections"));
      expect(own).toEqual(expected.map((name) => `${name} collections`));
    }
  });

  test("passes over a collection that is gone and an event that tells nothing of fields", async () => {
    const { h, ctx, collection } = await setUp();
    const task = await wrote(h, collection, { fields: [YEAR] });
    await createCollectionStore(ctx.database).remove(h.ctx.namespace._id, collection._id);
    expect(await dispatch(ctx, task)).toMatchObject({ events: 1 });
    const older = await h.taskWith(["collection.documents.written"]);
    expect(await dispatch(ctx, older)).toMatchObject({ events: 1 });
  });
});
