import { z } from "zod";
import { oneOrMany, PageRequest, Timestamp } from "./common.ts";

/** How much a schema or an example may be, as JSON text. */
const MAX_JSON_CHARACTERS = 32_768;

/** A JSON object of bounded size. */
const boundedObject = z
  .record(z.string(), z.unknown())
  .refine((value) => JSON.stringify(value).length <= MAX_JSON_CHARACTERS, {
    error: "expected at most 32 KiB of JSON",
  });

/** Whether Waybill sends it of its own accord, or the deployer registered it and publishes it. */
export const EventTypeOrigin = z.enum(["built_in", "registered"]);

/** `PUT /v1/event-types/{type}`: registers a type, or says what it is from now on. */
export const PutEventTypeRequest = z.strictObject({
  /** JSON Schema (2020-12) of the `data` that is published; another one makes the next version. */
  schema: boundedObject,
  description: z.string().max(1000).optional(),
  /** An example of `data`; it must satisfy the schema. */
  example: boundedObject.optional(),
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

/** A type of event: what it means, and what is sent for it. */
export const EventType = z.object({
  type: z.string(),
  origin: EventTypeOrigin,
  description: z.string().nullable(),
  /** From 1; each change of a registered type's schema makes the next. */
  version: z.int(),
  /** ARCHIVED: nothing of it is published any more. */
  status: z.enum(["ACTIVE", "ARCHIVED"]),
  /** JSON Schema (2020-12) of the whole payload: `type`, `timestamp` and `data`. */
  schema: z.record(z.string(), z.unknown()),
  /** A payload as an endpoint gets it; null when a registered type has none. */
  example: z.record(z.string(), z.unknown()).nullable(),
  /** The schema that what is published must satisfy, as it was registered; null for Waybill's own. */
  data_schema: z.record(z.string(), z.unknown()).nullable(),
  /** Null for Waybill's own. */
  created_at: Timestamp.nullable(),
  /** When this version came; null for Waybill's own. */
  updated_at: Timestamp.nullable(),
});

export type EventType = z.infer<typeof EventType>;
