import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { MongoClient } from "mongodb";
import { z } from "zod";
import type { Stack } from "../../local/stack.ts";
import { isBuiltInEvent } from "../../src/contract/event.ts";
import { EVENT_PAYLOADS } from "../../src/contract/event-payload.ts";
import {
  builtInSchema,
  emittedDataSchema,
  registeredSchema,
} from "../../src/engine/events/types/payload-schema.ts";
import type { Emits } from "../../src/engine/jobs/loop.ts";
import { INTERNAL_PATHS } from "../../src/ports/queue.ts";

const ajv = createAjv();

const compiled = new Map<string, readonly ValidateFunction[]>();

/** A payload's type, whatever else it says. */
const Typed = z.looseObject({ type: z.string() });

/** An event as an outbox or the log has it. */
const Stored = z.looseObject({
  type: z.string(),
  sequence: z.int(),
  timestamp: z.date(),
  data: z.record(z.string(), z.unknown()),
});

const Version = z.looseObject({ version: z.int(), schema: z.string() });

const OwnType = Version.extend({ name: z.string(), past: z.array(Version) });

/**
 * What of a payload of one of Waybill's own types is not as the catalogue has it: as its published
 * schema, and, since here no field may go undescribed, as the same schema with every object closed.
 */
export function payloadFaults(payload: unknown): readonly string[] {
  const { type } = Typed.parse(payload);
  if (!isBuiltInEvent(type)) return [`${type} is not in the catalogue`];
  const known = compiled.get(type) ?? [
    ajv.compile(builtInSchema(type)),
    ajv.compile(z.toJSONSchema(EVENT_PAYLOADS[type], { io: "output" })),
  ];
  compiled.set(type, known);
  return known.flatMap((validate) => faultsOf(validate, payload, type));
}

function faultsOf(validate: ValidateFunction, payload: unknown, type: string): readonly string[] {
  if (validate(payload)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message = "", params }) =>
      `${type}${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** Every event that a stack has seen, held against its schema. */
export type EventWatch = {
  /** The types that were seen valid. Throws when any event was not. */
  check(): Promise<ReadonlySet<string>>;
};

/**
 * Watches all events of a world: each body on its way to an endpoint as its message has it, and at
 * the end whatever stands in an outbox or in the log. `emits` are the types that its own jobs declare.
 */
export function watchEvents(stack: Stack, database: string, emits: Emits = {}): EventWatch {
  const sent: unknown[] = [];
  stack.qstash.misbehaviours.add({
    kind: "duplicate",
    deliveries: 2,
    match: ({ target }, body) => {
      sent.push(...payloadsSentTo(target, body));
      return false;
    },
  });
  return {
    check: async () => {
      stack.mongo?.faults.clear();
      const client = await MongoClient.connect(stack.vars["MONGODB_URI"] ?? "");
      try {
        const db = client.db(database);
        const find: FindRows = (name, filter) => db.collection(name).find(filter).toArray();
        return await checkEvents(sent, find, emits);
      } finally {
        await client.close();
      }
    },
  };
}

/** Reads rows of a collection. */
type FindRows = (collection: string, filter: object) => Promise<readonly object[]>;

/** Holds events that were sent, and all that are stored, against their schemas, as {@link EventWatch} does. */
export async function checkEvents(
  sent: readonly unknown[],
  find: FindRows,
  emits: Emits = {},
): Promise<ReadonlySet<string>> {
  const own = new Map<string, ValidateFunction[]>();
  for (const [type, schema] of Object.entries(emits)) {
    own.set(type, [createAjv().compile(registeredSchema(type, 1, emittedDataSchema(schema)))]);
  }
  for (const row of await find("event_types", {})) {
    for (const [type, validate] of ownValidators(row)) {
      own.set(type, [...(own.get(type) ?? []), validate]);
    }
  }
  return checkAll([...sent, ...(await storedEvents(find))], own);
}

/** The event in a message of the queue that is to be delivered to an endpoint. */
export function payloadsSentTo(destination: string, body: Buffer): readonly unknown[] {
  return destination.endsWith(INTERNAL_PATHS.delivery) ? payloadsIn(body) : [];
}

function payloadsIn(body: Buffer): readonly unknown[] {
  const message: unknown = JSON.parse(body.toString("utf8"));
  const Snapshot = z.object({ snapshot: z.object({ payload: z.string() }) });
  const parsed = Snapshot.safeParse(message);
  return parsed.success ? [JSON.parse(parsed.data.snapshot.payload)] : [];
}

const Owner = z.looseObject({
  namespace_id: z.string(),
  pending_events: z.array(z.looseObject({})),
});

async function storedEvents(find: FindRows): Promise<readonly unknown[]> {
  const logged = z.array(z.looseObject({})).parse(await find("events", {}));
  const isPending = { "pending_events.0": { $exists: true } };
  const owners = [...(await find("tasks", isPending)), ...(await find("webhooks", isPending))];
  const pending = z
    .array(Owner)
    .parse(owners)
    .flatMap(({ namespace_id, pending_events: events }) =>
      events.map((event) => ({ ...event, namespace_id })),
    );
  return [...logged, ...pending].map((row) => {
    const { type, timestamp, data, sequence, ...rest } = Stored.parse(row);
    const frame = { namespace_id: rest["namespace_id"], sequence };
    return JSON.parse(JSON.stringify({ type, timestamp, data: { ...data, ...frame } })) as unknown;
  });
}

const ownCompiled = new Map<string, ValidateFunction>();

/** A registered type's validators: events were valid by the version of their time, here by any. */
function ownValidators(row: object): readonly (readonly [string, ValidateFunction])[] {
  const { name, version, schema, past } = OwnType.parse(row);
  return [...past, { version, schema }].map((one) => {
    const key = `${name} ${one.version} ${one.schema}`;
    const data: Record<string, unknown> = JSON.parse(one.schema);
    // Each in an Ajv of its own: two worlds may register one name.
    const validate =
      ownCompiled.get(key) ?? createAjv().compile(registeredSchema(name, one.version, data));
    ownCompiled.set(key, validate);
    return [name, validate] as const;
  });
}

function checkAll(
  payloads: readonly unknown[],
  own: ReadonlyMap<string, readonly ValidateFunction[]>,
): ReadonlySet<string> {
  const faults = new Set<string>();
  const seen = new Set<string>();
  for (const payload of payloads) {
    const { type } = Typed.parse(payload);
    const found = ownFaults(type, payload, own.get(type)) ?? payloadFaults(payload);
    for (const fault of found) faults.add(fault);
    if (found.length === 0) seen.add(type);
  }
  if (faults.size > 0) {
    throw new Error(`events that are not as the catalogue says:\n${[...faults].join("\n")}`);
  }
  return seen;
}

/** Null for a type that is not registered. */
function ownFaults(
  type: string,
  payload: unknown,
  validators: readonly ValidateFunction[] = [],
): readonly string[] | null {
  if (validators.length === 0) return null;
  const faults = validators.map((validate) => faultsOf(validate, payload, type));
  return faults.find((found) => found.length === 0) ?? faults.at(-1) ?? [];
}

function createAjv(): Ajv2020 {
  const created = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(created);
  return created;
}
