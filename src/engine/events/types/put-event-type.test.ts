import { describe, expect, test } from "vitest";
import { createHarness } from "../../../../test/webhooks/harness.ts";
import { archiveEventType } from "./archive-event-type.ts";
import { getEventType } from "./read-event-types.ts";
import { putEventType } from "./put-event-type.ts";
import { requireKnownTypes } from "./require-known-types.ts";

const schema = { type: "object", properties: { order_id: { type: "string" } } };
const stricter = { ...schema, required: ["order_id"] };
const type = "orders.paid";

function world() {
  const h = createHarness();
  const put = (request: Parameters<typeof putEventType>[0]["input"]["request"]) =>
    putEventType({ ctx: h.ctx, input: { type, request } });
  const get = (version?: number) => getEventType({ ctx: h.ctx, input: { type, version } });
  return { h, put, get };
}

describe("a registered type", () => {
  test("gets another version by another schema only, and the earlier ones stay", async () => {
    const { put, get } = world();
    expect(await put({ schema })).toMatchObject({ isNew: true, eventType: { version: 1 } });
    expect(await put({ schema })).toMatchObject({ isNew: false, eventType: { version: 1 } });
    const described = await put({ schema, description: "paid", example: { order_id: "1" } });
    expect(described.eventType).toMatchObject({ version: 1, description: "paid" });
    expect(await put({ schema: stricter })).toMatchObject({ eventType: { version: 2 } });
    expect(await get()).toMatchObject({ version: 2, data_schema: stricter, example: null });
    expect(await get(1)).toMatchObject({ version: 1, data_schema: schema, description: "paid" });
    await expect(get(3)).rejects.toMatchObject({ code: "not_found" });
  });

  test("is changed once by two who change it at the same time, and then once more", async () => {
    const { put, get } = world();
    await put({ schema });
    const other = { ...schema, required: [] };
    await Promise.all([put({ schema: stricter }), put({ schema: other })]);
    expect(await get()).toMatchObject({ version: 3 });
    const versions = await Promise.all([1, 2, 3].map(get));
    const seen = new Set(versions.map((one) => JSON.stringify(one.data_schema)));
    expect(seen).toEqual(new Set([schema, stricter, other].map((one) => JSON.stringify(one))));
  });

  test("is changed once when the answer of the change is lost", async () => {
    const { h, put, get } = world();
    await put({ schema });
    const { eventTypes } = h.ctx.stores;
    const change = eventTypes.change.bind(eventTypes);
    let isLost = false;
    eventTypes.change = async (...given) => {
      const isDone = await change(...given);
      if (isLost) return isDone;
      isLost = true;
      return false;
    };
    expect(await put({ schema: stricter })).toMatchObject({ eventType: { version: 2 } });
    expect(await get()).toMatchObject({ version: 2 });
  });

  test("that is archived can be read, can't be subscribed to, and comes back by a PUT", async () => {
    const { h, put, get } = world();
    await put({ schema });
    const input = { type };
    await archiveEventType({ ctx: h.ctx, input });
    await archiveEventType({ ctx: h.ctx, input });
    expect(await get()).toMatchObject({ status: "ARCHIVED", version: 1 });
    const among = { ctx: h.ctx, patterns: [type], path: "event_types" } as const;
    await expect(requireKnownTypes({ ...among, scope: "active" })).rejects.toThrow(/no event/);
    await requireKnownTypes({ ...among, scope: "all" });
    expect(await put({ schema })).toMatchObject({ eventType: { status: "ACTIVE", version: 1 } });
    await requireKnownTypes({ ...among, scope: "active" });
  });

  test.each([
    [{ type: "string" }, undefined, "schema.type"],
    [{}, undefined, "schema.type"],
    [{ type: "object", properties: { task: {} } }, undefined, "schema.properties.task"],
    [{ type: "object", properties: { sequence: {} } }, undefined, "schema.properties.sequence"],
    [{ type: "object", properties: { a: { $ref: "#/$defs/no" } } }, undefined, "schema"],
    [{ type: "object", properties: { a: { pattern: "(" } } }, undefined, "schema"],
    [{ type: "object", $ref: "#" }, undefined, "schema"],
    [{ type: "object", properties: { a: { $ref: "#/properties/a" } } }, { a: 1 }, "example"],
    [stricter, { order_id: 1 }, "example.order_id"],
  ])("is refused with the schema %j and the example %j", async (given, example, path) => {
    const { put } = world();
    const request = { schema: given, ...(example !== undefined && { example }) };
    await expect(put(request)).rejects.toMatchObject({
      code: "invalid_request",
      fields: [{ path }],
    });
  });
});

test("a pattern that no type matches is refused with its place and the list of what exists", async () => {
  const { h, put } = world();
  await put({ schema });
  const asked = (...patterns: string[]) =>
    requireKnownTypes({ ctx: h.ctx, patterns, path: "event_types", scope: "active" });
  await asked("*", "task.*", "webhook.endpoint.disabled", type, "orders.*");
  const refused = { fields: [{ path: "event_types.1" }, { path: "event_types.2" }] };
  await expect(asked(type, "orders.pai", "order.*")).rejects.toMatchObject(refused);
  await expect(asked("task.complete")).rejects.toThrow(/task\.completed, task\.failed/);
  const elsewhere = createHarness();
  const foreign = { ctx: elsewhere.ctx, patterns: [type], path: "t", scope: "all" } as const;
  await expect(requireKnownTypes(foreign)).rejects.toMatchObject({ fields: [{ path: "t.0" }] });
});
