import type { z } from "zod";
import { type BuiltInEventType, EVENT_CATALOGUE } from "../../../contract/event.ts";
import { EVENT_EXAMPLES } from "../../../contract/event-example.ts";
import type { EventType } from "../../../contract/event-type.ts";
import type { EventTypeHead } from "../../../ports/event-type-store.ts";
import { builtInSchema, emittedDataSchema, registeredSchema } from "./payload-schema.ts";

/** The ids and times in the example of a registered type, which gives only its `data`. */
const EXAMPLE_TIMESTAMP = "2026-11-24T01:02:09.870Z";

/** The version of all of Waybill's own events: none has changed in a way that breaks a receiver. */
const BUILT_IN_VERSION = 1;

/** One of Waybill's own event types. */
export function presentBuiltIn(type: BuiltInEventType): EventType {
  const meaning = EVENT_CATALOGUE.find((one) => one.type === type)?.meaning ?? null;
  return {
    type,
    origin: "built_in",
    description: meaning,
    version: BUILT_IN_VERSION,
    status: "ACTIVE",
    schema: { ...builtInSchema(type) },
    example: { ...EVENT_EXAMPLES[type] },
    data_schema: null,
    created_at: null,
    updated_at: null,
  };
}

/** A type of event that a job of the deployment declares. */
export function presentEmitted(type: string, schema: z.ZodType): EventType {
  const dataSchema = { ...emittedDataSchema(schema) };
  return {
    type,
    origin: "built_in",
    description: schema.description ?? null,
    version: BUILT_IN_VERSION,
    status: "ACTIVE",
    schema: { ...registeredSchema(type, BUILT_IN_VERSION, dataSchema) },
    example: null,
    data_schema: dataSchema,
    created_at: null,
    updated_at: null,
  };
}

/** A registered event type in its current version, or in the one whose fields are given. */
export function presentRegistered(
  record: Pick<
    EventTypeHead,
    | "name"
    | "namespace_id"
    | "status"
    | "description"
    | "version"
    | "schema"
    | "example"
    | "since"
    | "created_at"
  >,
): EventType {
  const dataSchema = parseObject(record.schema);
  return {
    type: record.name,
    origin: "registered",
    description: record.description,
    version: record.version,
    status: record.status,
    schema: { ...registeredSchema(record.name, record.version, dataSchema) },
    example:
      record.example === null
        ? null
        : {
            type: record.name,
            timestamp: EXAMPLE_TIMESTAMP,
            data: {
              namespace_id: record.namespace_id,
              sequence: 0,
              ...parseObject(record.example),
            },
          },
    data_schema: dataSchema,
    created_at: record.created_at.toISOString(),
    updated_at: record.since.toISOString(),
  };
}

/** Parses a JSON object that was stored as text. */
function parseObject(text: string): Record<string, unknown> {
  const value: Record<string, unknown> = JSON.parse(text);
  return value;
}
