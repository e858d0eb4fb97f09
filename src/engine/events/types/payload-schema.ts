import { z } from "zod";
import type { BuiltInEventType } from "../../../contract/event.ts";
import { EVENT_PAYLOADS, EventExtras, EventFrame } from "../../../contract/event-payload.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/** The names in `data` that only Waybill sets. */
export const FRAME_FIELDS: readonly string[] = [
  ...Object.keys(EventFrame),
  ...Object.keys(EventExtras),
];

const built = new Map<string, JsonSchema>();

/** The JSON Schema (2020-12) of the payload of one of Waybill's own events. Built once. */
export function builtInSchema(type: BuiltInEventType): JsonSchema {
  return memo(type, () => write(EVENT_PAYLOADS[type]));
}

/** The JSON Schema of the `data` of an event that a job declares. */
export function emittedDataSchema(schema: z.ZodType): JsonSchema {
  return write(schema);
}

/**
 * The JSON Schema of a registered event's payload: the registered schema of `data` with Waybill's
 * fields added to its properties, so a schema with a closed object is still satisfied. `id` keeps
 * the meaning of `#/$defs` inside another schema.
 */
export function registeredSchema(
  type: string,
  version: number,
  dataSchema: JsonSchema,
): JsonSchema {
  const { $schema: _dialect, ...own } = dataSchema;
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: {
      type: { const: type },
      timestamp: { type: "string", format: "date-time" },
      data: {
        $id: `urn:waybill:event-type:${type}:${version}`,
        ...own,
        properties: { ...objectAt(own, "properties"), ...memo("", frameProperties) },
        required: [...new Set([...listAt(own, "required"), ...Object.keys(EventFrame)])],
      },
    },
    required: ["type", "timestamp", "data"],
  };
}

function frameProperties(): JsonSchema {
  return objectAt(write(z.object({ ...EventFrame, ...EventExtras })), "properties");
}

/** For readers: without patterns and bounds that only repeat a format or a type. */
function write(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    // Otherwise each object would be closed, and a new field would break receivers that validate.
    io: "input",
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
}

function memo(key: string, make: () => JsonSchema): JsonSchema {
  const known = built.get(key) ?? make();
  built.set(key, known);
  return known;
}

function objectAt(schema: JsonSchema, key: string): JsonSchema {
  const value = schema[key];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listAt(schema: JsonSchema, key: string): readonly string[] {
  const value = schema[key];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
