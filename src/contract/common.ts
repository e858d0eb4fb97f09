import { z } from "zod";
import { TaskStatusEnum } from "./status.ts";

const TIME_EXPECTED = 'expected a time in RFC 3339, such as "2026-01-31T12:00:00.000Z"';

const DateTime = z.iso.datetime({ offset: true });

/**
 * A time on the wire (RFC 3339). Any offset is taken, and made UTC in milliseconds, as it is in every
 * answer; what is finer than a millisecond is cut off.
 */
export const Timestamp = z
  .string({ error: TIME_EXPECTED })
  .overwrite(inUtc)
  .refine((time) => time !== "", { error: TIME_EXPECTED })
  .meta({ format: "date-time" });

/** Empty for what is no time, and where the offset leads out of the years of four digits. */
function inUtc(text: string): string {
  const { success, data } = DateTime.safeParse(text.toUpperCase());
  const utc = success ? new Date(data).toISOString() : "";
  return /^\d{4}-/.test(utc) ? utc : "";
}

const URL_EXPECTED = "expected an absolute https URL";

/**
 * A URL that Waybill sends to, exactly as written: `z.url` would strip surrounding white space and
 * line breaks before the address guard sees them. The guard checks everything else.
 */
export const TargetUrl = z
  .string({ error: URL_EXPECTED })
  .max(2048)
  .regex(/^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^/]/, { error: URL_EXPECTED })
  .meta({ format: "uri" });

/** A caller's flat labels on a resource: searchable, at most 50. */
export const Metadata = z
  .record(
    z
      .string()
      .min(1)
      .max(64)
      .regex(/^(?!_bsontype$)[^.$\p{Cc}][^.\p{Cc}]*$/u, {
        error: "expected no '.', no leading '$' and no control characters in a metadata key",
      }),
    z.union([z.string().max(1024), z.number(), z.boolean()]),
  )
  .refine((metadata) => Object.keys(metadata).length <= 50, {
    error: "at most 50 metadata fields",
  });

export type Metadata = z.infer<typeof Metadata>;

/** The default and the maximum number of rows on a page. */
export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 200;

/** `{ "gte", "lt" }` over a time; either side may be absent. */
export const TimeRange = z.strictObject({ gte: Timestamp.optional(), lt: Timestamp.optional() });

/** A filter takes one value, or a list of values of which any may match. */
export function oneOrMany<Item extends z.ZodType>(item: Item) {
  return z.union([item, z.array(item).min(1).max(100)]);
}

/** The fields that every `POST …/list` body shares. */
export const PageRequest = {
  sort: z.enum(["-created_at", "created_at"]).optional(),
  limit: z.int().min(1).max(MAX_PAGE_SIZE).optional(),
  cursor: z.string().max(512).optional(),
} as const;

/** `limit` and `cursor` may also come in the query of a list request; the body wins. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).optional(),
  cursor: z.string().max(512).optional(),
});

/** The filters that every resource list has. */
export const ResourceListRequest = z.strictObject({
  name: oneOrMany(z.string()).optional(),
  status: oneOrMany(TaskStatusEnum).optional(),
  created_at: TimeRange.optional(),
  metadata: Metadata.optional(),
  ...PageRequest,
});

export type ResourceListRequest = z.infer<typeof ResourceListRequest>;

export const Pagination = z.object({ next_cursor: z.string().nullable() });

/** What is left of a row that can't be shown: it is damaged, or was stored by other code. */
export const UnshownRow = z.object({
  id: z.string().nullable(),
  name: z.string().nullable(),
  status: z.string().nullable(),
  created_at: Timestamp.nullable(),
  updated_at: Timestamp.nullable(),
  note: z.string(),
});

export type UnshownRow = z.infer<typeof UnshownRow>;

/** The response of every list: a page of rows and the cursor of the next page, or null. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    results: z.array(item),
    /** Rows of this page that can't be shown; absent when there are none. */
    unshown: z.array(UnshownRow).optional(),
    pagination: Pagination,
  });
}
