import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVENT_CATALOGUE } from "../../contract/event.ts";
import { EVENT_EXAMPLES, TASK_EXAMPLE } from "../../contract/event-example.ts";
import { EVENT_PAYLOADS } from "../../contract/event-payload.ts";
import type { EventRecord } from "../../ports/delivery-store.ts";
import { builtInSchema, registeredSchema } from "../events/types/payload-schema.ts";
import { requireValid } from "../json-schema.ts";
import { buildPayload, PAYLOAD_LIMIT_BYTES } from "./payload.ts";

const URL = "https://waybill.example";

const eventWith = (data: Record<string, unknown>, taskId: string | null): EventRecord => ({
  _id: "evt_1",
  namespace_id: "ns_1",
  type: "task.completed",
  task_id: taskId,
  sequence: 4,
  timestamp: new Date("2026-11-24T01:02:03.456Z"),
  data,
  created_at: new Date(),
});

const event = (task: Record<string, unknown>, more: Record<string, unknown> = {}): EventRecord =>
  eventWith({ ...more, task: { task_id: "tsk_1", status: "COMPLETED", ...task } }, "tsk_1");

const bytesOf = (text: string) => new TextEncoder().encode(text).byteLength;
const dataOf = (record: EventRecord) => JSON.parse(buildPayload(record, URL)).data;
const large = "x".repeat(PAYLOAD_LIMIT_BYTES);

const NAMESPACE_ID = TASK_EXAMPLE.namespace_id;

/** A deployer's schema that lets nothing in but what it names. */
const CLOSED = {
  type: "object",
  properties: { order_id: { type: "string" }, note: { type: "string" } },
  required: ["order_id", "note"],
  additionalProperties: false,
};

const LINKS = { event: `${URL}/v1/events/evt_1`, task: `${URL}/v1/tasks/tsk_1` };

describe("a payload", () => {
  test("is type, timestamp and data with namespace, sequence, task and what else there is", () => {
    expect(JSON.parse(buildPayload(event({ inputs: ["a"] }, { documents: 3 }), URL))).toEqual({
      type: "task.completed",
      timestamp: "2026-11-24T01:02:03.456Z",
      data: {
        namespace_id: "ns_1",
        sequence: 4,
        task: { task_id: "tsk_1", status: "COMPLETED", inputs: ["a"] },
        documents: 3,
      },
    });
  });

  test("has the same bytes from the event as it was stored and read back", () => {
    for (const inputs of [[{ z: 1, a: 2 }], [large]]) {
      const first = event({ inputs, progress: null });
      const stored = structuredClone({ ...first, created_at: new Date(0) });
      expect(buildPayload(stored, URL)).toBe(buildPayload(first, URL));
    }
  });
});

describe("a payload over the limit", () => {
  test("leaves out inputs and outputs and links to the event and the task", () => {
    const data = dataOf(
      event({ inputs: [large], outputs: [large], tags: ["a"] }, { documents: 3 }),
    );
    expect(data.task).toEqual({ task_id: "tsk_1", status: "COMPLETED", tags: ["a"] });
    expect(data.links).toEqual(LINKS);
    expect(data.documents).toBe(3);
  });

  test("without inputs and outputs too, leaves out all of the task but its essentials", () => {
    const data = dataOf(event({ additional_data: { large }, task_type: "t" }, { documents: 3 }));
    expect(data).toEqual({
      namespace_id: "ns_1",
      sequence: 4,
      task: { task_id: "tsk_1", status: "COMPLETED", task_type: "t" },
      documents: 3,
      links: LINKS,
    });
  });

  test("keeps all that a published event says, 16 KiB at most, beside a huge task, and fits its schema", () => {
    // Bytes, not characters, and as large as it may be.
    const room = 16_384 - bytesOf(JSON.stringify({ order_id: "o_1", note: "" }));
    const note = "日".repeat(Math.floor(room / 3)) + "x".repeat(room % 3);
    const published = { order_id: "o_1", note };
    expect(bytesOf(JSON.stringify(published))).toBe(16_384);
    const task = { ...TASK_EXAMPLE, additional_data: { large: large.repeat(5) } };
    const type = "orders.paid";
    const record = {
      ...eventWith({ ...published, task }, "tsk_1"),
      type,
      sequence: 0,
      namespace_id: NAMESPACE_ID,
    };
    const schema = registeredSchema(type, 1, CLOSED);
    const body = JSON.parse(buildPayload(record, URL));
    expect(body.data).toEqual({
      namespace_id: NAMESPACE_ID,
      sequence: 0,
      ...published,
      task: {
        task_id: task.task_id,
        task_type: task.task_type,
        status: task.status,
        namespace_id: NAMESPACE_ID,
        version: task.version,
        sequence: task.sequence,
      },
      links: LINKS,
    });
    requireValid(body, JSON.stringify(schema), "body");
    // And without inputs and outputs only, where that is enough.
    const other = { ...TASK_EXAMPLE, inputs: [large] };
    const thinner = { ...record, data: { order_id: "o_1", note: "", task: other } };
    const thin = JSON.parse(buildPayload(thinner, URL));
    expect(thin.data.task).toMatchObject({ progress: TASK_EXAMPLE.progress });
    requireValid(thin, JSON.stringify(schema), "body");
  });

  test.each(EVENT_CATALOGUE.map(({ type }) => type))(
    "of %s fits its published schema in each of its thin forms",
    (type) => {
      const { data } = EVENT_EXAMPLES[type];
      const own = { ...eventWith({ ...data }, "tsk_1"), type, namespace_id: NAMESPACE_ID };
      const forms: readonly Record<string, unknown>[] =
        "task" in data
          ? [
              { task: { ...data.task, inputs: [large] } },
              { task: { ...data.task, additional_data: { large } } },
              { task: data.task, fields: [{ name: large, types: ["string"] }] },
            ]
          : [{}];
      for (const more of forms) {
        const body = JSON.parse(buildPayload({ ...own, data: { ...data, ...more } }, URL));
        expect(body.data.links === undefined).toBe(!("task" in data));
        expect(EVENT_PAYLOADS[type].safeParse(body)).toMatchObject({ success: true });
        requireValid(body, JSON.stringify(builtInSchema(type)), "body");
      }
    },
  );

  test("for other reasons than the task leaves out the largest fields and keeps the others", () => {
    const data = dataOf(eventWith({ order: 7, body: large, note: "kept", links: "own" }, null));
    expect(data).toEqual({
      namespace_id: "ns_1",
      sequence: 4,
      order: 7,
      note: "kept",
      links: { event: LINKS.event },
    });
  });

  test("is exactly one byte over: of characters of one, two, three and four bytes", () => {
    for (const character of ["x", "é", "日", "🚚"]) {
      const size = (count: number, pad: number) =>
        eventWith({ text: character.repeat(count) + "x".repeat(pad) }, null);
      const frame = bytesOf(JSON.stringify({ ...JSON.parse(buildPayload(size(0, 0), URL)) }));
      const room = PAYLOAD_LIMIT_BYTES - frame;
      const width = bytesOf(character);
      const fits = buildPayload(size(Math.floor(room / width), room % width), URL);
      expect(bytesOf(fits), character).toBe(PAYLOAD_LIMIT_BYTES);
      expect(JSON.parse(fits).data.text, character).toContain(character);
      const thin = dataOf(size(Math.floor(room / width), (room % width) + 1));
      expect(thin, character).toEqual({
        namespace_id: "ns_1",
        sequence: 4,
        links: { event: LINKS.event },
      });
    }
  });
});

/** Data with fields large and small, with or without what looks like a task. */
const anyData = fc.dictionary(
  fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("task", "links", "sequence", "type")),
  fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: "binary" }),
    fc
      .tuple(fc.constantFrom("x", "é", "日", "🚚", '"', "\ud800", "\n"), fc.nat(30_000))
      .map(([character, count]) => character.repeat(count)),
    fc.dictionary(
      fc.constantFrom("task_id", "task_type", "status", "version", "inputs", "tags"),
      fc.oneof(
        fc.jsonValue(),
        fc.nat(30_000).map((count) => "日".repeat(count)),
      ),
    ),
  ),
);

test("whatever an event's data are, its payload is JSON within the limit that keeps what it is about", () => {
  fc.assert(
    fc.property(anyData, fc.option(fc.constant("tsk_1")), (data, taskId) => {
      const record = eventWith(data, taskId);
      const payload = buildPayload(record, URL);
      expect(bytesOf(payload)).toBeLessThanOrEqual(PAYLOAD_LIMIT_BYTES);
      const parsed = JSON.parse(payload);
      expect(Object.keys(parsed)).toEqual(["type", "timestamp", "data"]);
      expect(parsed.type).toBe(record.type);
      expect(parsed.timestamp).toBe(record.timestamp.toISOString());
      expect(parsed.data).toMatchObject({ namespace_id: "ns_1", sequence: 4 });
      const { type, timestamp, namespace_id, sequence } = record;
      const own = { namespace_id, sequence };
      const whole = JSON.stringify({ type, timestamp, data: { ...own, ...data, ...own } });
      if (bytesOf(whole) <= PAYLOAD_LIMIT_BYTES) expect(payload).toBe(whole);
      else expect(parsed.data.links.event).toBe(LINKS.event);
    }),
    { numRuns: 200 },
  );
});
