import type { BatchRecord } from "../batch-store.ts";
import type { ObjectRecord, ObjectStore } from "../../objects/object-store.ts";
import type { Position } from "./batch-state.ts";
import { textOf } from "./object-text.ts";
import { failed, type TextOutcome } from "./text-outcome.ts";

/** Objects that one step reads of a whole bucket; the store stops earlier at 8 MiB. */
export const MAX_OBJECTS_PER_STEP = 100;

/**
 * Chosen objects that one step reads. They come whole, of up to 1 MiB each with 54 KiB of metadata
 * and none may be left out, so this bounds memory: 25 MiB, of a worker's 128 MiB and of the 32 MiB
 * that one call to a Durable Object carries
 * (https://developers.cloudflare.com/workers/platform/limits/).
 */
export const MAX_CHOSEN_OBJECTS_PER_STEP = 24;

/**
 * URLs that one step fetches, at once: below the six connections that a worker may have open, and
 * few because what the step's text limit leaves unread is fetched again.
 */
export const MAX_URLS_PER_STEP = 4;

/** One object of a step; null when it was removed since the batch was made. */
export type StepItem = {
  readonly objectId: string;
  readonly object: ObjectRecord | null;
  /** The position once this object is done with. */
  readonly next: Position;
};

/** The objects from a position on, by one read. None: there are no more. */
export async function readObjects(
  objects: ObjectStore,
  batch: BatchRecord,
  position: Position,
): Promise<readonly StepItem[]> {
  if (position.kind === "all") {
    const { after_id, through_id } = position;
    if (after_id !== null && after_id >= through_id) return [];
    // A short page isn't the last one: objects may have been removed, or a store may bound bytes.
    const rows = await objects.range(batch.bucket_id, after_id, through_id, MAX_OBJECTS_PER_STEP);
    return rows.map((object) => ({
      objectId: object._id,
      object,
      next: { kind: "all", after_id: object._id, through_id },
    }));
  }
  const from = position.index;
  const ids = batch.object_ids?.slice(from, from + MAX_CHOSEN_OBJECTS_PER_STEP) ?? [];
  if (ids.length === 0) return [];
  const found = new Map(
    (await objects.pick(batch.bucket_id, ids)).map((object) => [object._id, object]),
  );
  return ids.map((objectId, offset) => ({
    objectId,
    object: found.get(objectId) ?? null,
    next: { kind: "chosen", index: from + offset + 1 },
  }));
}

/** Whether a position is behind the last object. */
export function isAtEnd(batch: BatchRecord, position: Position): boolean {
  return position.kind === "all"
    ? position.after_id === position.through_id
    : position.index >= (batch.object_ids?.length ?? 0);
}

/** Gives the text of an item of the step; null when it is to be read in the next step. */
export type ReadText = (item: StepItem) => Promise<TextOutcome | null>;

/**
 * Reads the texts of a step's items, asked for in order. At the first URL it fetches that one and
 * the next few together, so that four slow servers cost the time of one; later URLs have to wait
 * for the next step.
 */
export function createReadText(
  items: readonly StepItem[],
  maxUrls: number,
  readUrl: (url: string) => Promise<TextOutcome>,
): ReadText {
  let fetched: ReadonlyMap<string, TextOutcome> | null = null;

  async function fetchFrom(item: StepItem): Promise<ReadonlyMap<string, TextOutcome>> {
    const wanted = items
      .slice(items.indexOf(item))
      .flatMap(({ object }) =>
        object?.content.kind === "url" ? [{ id: object._id, url: object.content.url }] : [],
      )
      .slice(0, maxUrls);
    return new Map(
      await Promise.all(wanted.map(async ({ id, url }) => [id, await readUrl(url)] as const)),
    );
  }

  return async (item) => {
    if (item.object === null) return failed("object_not_found", "The object was removed.");
    const { content } = item.object;
    if (content.kind !== "url") return textOf(content);
    fetched ??= await fetchFrom(item);
    return fetched.get(item.objectId) ?? null;
  };
}
