import type { EventType, PutEventTypeRequest } from "../../../contract/event-type.ts";
import type {
  EventTypePatch,
  EventTypeRecord,
  PastVersion,
} from "../../../ports/event-type-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";
import { requireUsableSchema, requireValid } from "../../json-schema.ts";
import { FRAME_FIELDS } from "./payload-schema.ts";
import { presentRegistered } from "./present-event-type.ts";

/** The maximum number of versions of one type; they are stored in one document. */
const MAX_VERSIONS = 100;

/** How many times a change that lost a race tries again. */
const MAX_TRIES = 5;

/** The type as it is now, and whether this call created it. */
export type PutEventType = { readonly eventType: EventType; readonly isNew: boolean };

/**
 * Registers or updates a type. A different schema creates the next version, and the previous one
 * stays readable; the same schema updates only the description and the example. An archived type
 * becomes active again. The deployer judges which changes receivers can handle. Throws
 * `invalid_request` for an unusable schema or one that uses Waybill's field names, and for an
 * example that doesn't satisfy it.
 */
export async function putEventType({
  ctx,
  input: { type, request },
}: {
  ctx: NamespaceContext;
  input: { readonly type: string; readonly request: PutEventTypeRequest };
}): Promise<PutEventType> {
  if (ctx.emittedTypes.has(type)) throw invalid("type", "a job of this deployment sends it");
  requireOwnFields(request.schema);
  requireUsableSchema(request.schema, "schema");
  const schema = JSON.stringify(request.schema);
  if (request.example !== undefined) requireValid(request.example, schema, "example");
  const said = {
    description: request.description ?? null,
    schema,
    example: request.example === undefined ? null : JSON.stringify(request.example),
  };
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const known = await ctx.stores.eventTypes.find(ctx.namespace._id, type);
    if (known === null) {
      const record = newRecord(ctx, type, said);
      const outcome = await ctx.stores.eventTypes.insert(record);
      // Also when the insert's response was lost: then it conflicts with its own `_id`.
      if (outcome.kind === "inserted" || outcome.fields.includes("_id")) {
        return { eventType: presentRegistered(record), isNew: true };
      }
      continue;
    }
    const isSame =
      known.schema === said.schema &&
      known.description === said.description &&
      known.example === said.example &&
      known.status === "ACTIVE";
    if (isSame) return { eventType: presentRegistered(known), isNew: false };
    const isNext = known.schema !== said.schema;
    if (isNext && known.version >= MAX_VERSIONS) throw tooManyVersions(type);
    const { version, description, example, since } = known;
    const past: PastVersion = { version, schema: known.schema, example, description, since };
    const patch: EventTypePatch = {
      ...said,
      status: "ACTIVE",
      ...(isNext && { version: version + 1, since: ctx.runtime.now() }),
    };
    if (await ctx.stores.eventTypes.change(known, patch, isNext ? past : null)) {
      return { eventType: presentRegistered({ ...known, ...patch }), isNew: false };
    }
    // Another change was faster, or this one succeeded and its response was lost: the next read
    // tells.
  }
  throw new Error(`the change of the event type ${type} lost ${MAX_TRIES} races`);
}

function newRecord(
  ctx: NamespaceContext,
  type: string,
  said: Pick<EventTypeRecord, "description" | "schema" | "example">,
): EventTypeRecord {
  const now = ctx.runtime.now();
  return {
    _id: ctx.runtime.newId("eventType"),
    namespace_id: ctx.namespace._id,
    name: type,
    status: "ACTIVE",
    ...said,
    version: 1,
    since: now,
    created_at: now,
    past: [],
    revision: 1,
  };
}

/** The schema must describe an object, without the fields that Waybill sets. */
function requireOwnFields(schema: Record<string, unknown>): void {
  if (schema["type"] !== "object") {
    throw invalid("schema.type", 'expected "object": an event\'s data is one');
  }
  const { properties } = schema;
  if (typeof properties !== "object" || properties === null) return;
  const taken = FRAME_FIELDS.find((field) => Object.hasOwn(properties, field));
  if (taken === undefined) return;
  throw invalid(
    `schema.properties.${taken}`,
    "this field is Waybill's to set; choose another name",
  );
}

function tooManyVersions(type: string): DomainError {
  return invalid(
    "schema",
    `the type ${type} has ${MAX_VERSIONS} versions, which is all it may have; register a new type`,
  );
}

function invalid(path: string, message: string): DomainError {
  return new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
}
