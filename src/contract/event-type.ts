import { z } from "zod";
import { storableText } from "./storable.ts";
import { oneOrMany, PageRequest, Timestamp } from "./common.ts";

/** The maximum size of a schema or an example, as JSON text. */
const MAX_JSON_CHARACTERS = 32_768;

/** Whether it is built into Waybill, or the deployer registered it and publishes it. */
export const EventTypeOrigin = z.enum(["built_in", "registered"]);

/** `PUT /v1/event-types/{type}`: registers a type or updates it. */
export const PutEventTypeRequest = z.strictObject({
  /** JSON Schema (2020-12) of the published `data`; changing it creates the next version. */
  schema: storableText(MAX_JSON_CHARACTERS),
  description: z.string().max(1000).optional(),
  /** An example of `data`; it must satisfy the schema. */
  example: storableText(MAX_JSON_CHARACTERS).optional(),
});

export type PutEventTypeRequest = z.infer<typeof PutEventTypeRequest>;

/** `POST /v1/event-types/list`. */
export const EventTypeListRequest = z.strictObject({
  type: oneOrMany(z.string()).optional(),
  origin: EventTypeOrigin.optional(),
  status: z.enum(["ACTIVE", "ARCHIVED"]).optional(),
  limit: PageRequest.limit,
  cursor: PageRequest.cursor,
});

export type EventTypeListRequest = z.infer<typeof EventTypeListRequest>;

/** A type of event: its meaning and its payload. */
export const EventType = z.object({
  type: z.string(),
  origin: EventTypeOrigin,
  description: z.string().nullable(),
  /** Starts at 1; each change of a registered type's schema creates the next version. */
  version: z.int(),
  /** ARCHIVED: it can no longer be published. */
  status: z.enum(["ACTIVE", "ARCHIVED"]),
  /** JSON Schema (2020-12) of the whole payload: `type`, `timestamp` and `data`. */
  schema: z.record(z.string(), z.unknown()),
  /** A payload as an endpoint receives it; null when a registered type has none. */
  example: z.record(z.string(), z.unknown()).nullable(),
  /** The schema that published `data` must satisfy, as registered; null for Waybill's own types. */
  data_schema: z.record(z.string(), z.unknown()).nullable(),
  /** Null for Waybill's own types. */
  created_at: Timestamp.nullable(),
  /** When this version was created; null for Waybill's own types. */
  updated_at: Timestamp.nullable(),
});

export type EventType = z.infer<typeof EventType>;
