import { DEFAULT_PAGE_SIZE } from "../../../contract/common.ts";
import { EVENT_CATALOGUE, isBuiltInEvent } from "../../../contract/event.ts";
import type { EventType, EventTypeListRequest } from "../../../contract/event-type.ts";
import type { NamespaceContext } from "../../context.ts";
import { asList, fromBase64Url, invalidCursor, toBase64Url } from "../../paging.ts";
import { presentBuiltIn, presentEmitted, presentRegistered } from "./present-event-type.ts";
import { notFound } from "../../errors.ts";
import { type ShownRows, showRows } from "../../show-rows.ts";

/** One page of the catalogue, sorted by name; a null cursor marks the last page. */
export type EventTypePage = {
  readonly shown: ShownRows<EventType>;
  readonly nextCursor: string | null;
};

/** Waybill's own event types, those of the deployment's jobs and the namespace's, in one order. One read. Throws `invalid_cursor`. */
export async function listEventTypes({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: EventTypeListRequest;
}): Promise<EventTypePage> {
  const limit = input.limit ?? DEFAULT_PAGE_SIZE;
  const after = input.cursor === undefined ? null : decodeCursor(input.cursor);
  const names = asList(input.type);
  const builtIn = [...EVENT_CATALOGUE.map(({ type }) => type), ...ctx.emittedTypes.keys()]
    .filter(
      (type) =>
        input.origin !== "registered" &&
        input.status !== "ARCHIVED" &&
        (names?.includes(type) ?? true) &&
        (after === null || type > after),
    )
    .flatMap((name) => {
      const eventType = ofDeployment(ctx, name);
      return eventType === null ? [] : [{ name, eventType }];
    });
  const heads =
    input.origin === "built_in"
      ? []
      : await ctx.stores.eventTypes.list(
          ctx.namespace._id,
          { names, status: input.status },
          after,
          limit + 1,
        );
  const all = [...builtIn, ...heads].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const page = all.slice(0, limit);
  const last = page.at(-1);
  return {
    shown: showRows(ctx.runtime, page, (one) =>
      "eventType" in one ? one.eventType : presentRegistered(one),
    ),
    nextCursor: all.length > limit && last !== undefined ? encodeCursor(last.name) : null,
  };
}

function encodeCursor(name: string): string {
  return toBase64Url(`type:${name}`);
}

function decodeCursor(cursor: string): string {
  const [, name] = /^type:([a-z0-9_.]{1,100})$/.exec(fromBase64Url(cursor)) ?? [];
  if (name === undefined) throw invalidCursor();
  return name;
}

/** An event type by its name, in its current version or an earlier one. Throws `not_found`. */
export async function getEventType({
  ctx,
  input: { type, version },
}: {
  ctx: NamespaceContext;
  input: { readonly type: string; readonly version?: number | undefined };
}): Promise<EventType> {
  const known = ofDeployment(ctx, type);
  if (known !== null) {
    if (version !== undefined && version !== known.version) throw noVersion(type, version);
    return known;
  }
  const { eventTypes } = ctx.stores;
  if (version === undefined) {
    const head = await eventTypes.find(ctx.namespace._id, type);
    if (head === null) throw notFound("event type", type);
    return presentRegistered(head);
  }
  const whole = await eventTypes.findWhole(ctx.namespace._id, type);
  if (whole === null) throw notFound("event type", type);
  if (version === whole.version) return presentRegistered(whole);
  const past = whole.past.find((one) => one.version === version);
  if (past === undefined) throw noVersion(type, version);
  return presentRegistered({ ...whole, ...past });
}

/** A type that the deployment itself sends; null for any other. */
function ofDeployment({ emittedTypes }: NamespaceContext, type: string): EventType | null {
  if (isBuiltInEvent(type)) return presentBuiltIn(type);
  const schema = emittedTypes.get(type);
  return schema === undefined ? null : presentEmitted(type, schema);
}

function noVersion(type: string, version: number) {
  return notFound("event type", `${type} in version ${version}`);
}
