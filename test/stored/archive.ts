import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { EJSON } from "bson";
import { z } from "zod";

/** Where the recorded sets are, one folder each. */
export const SETS = new URL("../fixtures/stored/", import.meta.url);

/** What stands in a set in place of the addresses of its time. */
export const PLACES = { worker: "http://worker.invalid", receiver: "http://receiver.invalid" };

const Manifest = z.object({
  /** The commit whose code wrote the set. */
  commit: z.string(),
  recorded_at: z.iso.datetime(),
  sealing_key: z.string(),
  /** A key of the API by which one namespace can be seen. */
  key: z.string(),
  /** The tokens that executors were given, by task. */
  report_tokens: z.record(z.string(), z.string()),
});

export type Manifest = z.infer<typeof Manifest>;

const Message = z.object({
  /** `/internal/jobs/run` and its like. */
  path: z.string(),
  body: z.unknown(),
  /** Whole seconds until it is due, from the time of the recording. */
  delay: z.int().min(0),
  retries: z.int(),
  label: z.string().optional(),
  flow_control: z
    .object({
      key: z.string(),
      parallelism: z.int().optional(),
      rate: z.int().optional(),
      period: z.int().optional(),
    })
    .optional(),
});

/** A message that was on its way. */
export type StoredMessage = z.infer<typeof Message>;

const QueueSchedule = z.object({ schedule_id: z.string(), cron: z.string(), body: z.unknown() });

/** A schedule as the queue knew it. */
export type StoredSchedule = z.infer<typeof QueueSchedule>;

const Copy = z.object({ key: z.string(), value: z.string() });

const Answer = z.object({
  /** `GET /v1/…` or `POST /v1/…/list`, with the ids of its time. */
  request: z.string(),
  /** The namespace of the caller; null: the administrator in none. */
  namespace: z.string().nullable(),
  body: z.unknown(),
});

/** What one route answered to the code that recorded the set. */
export type StoredAnswer = z.infer<typeof Answer>;

/** A document of MongoDB. */
export type StoredDocument = Readonly<Record<string, unknown>>;

/** One recorded set: all that was stored at one moment, and what was on its way. */
export type Archive = {
  readonly manifest: Manifest;
  readonly collections: ReadonlyMap<string, readonly StoredDocument[]>;
  readonly messages: readonly StoredMessage[];
  readonly schedules: readonly StoredSchedule[];
  /** The hot copies in Redis. */
  readonly copies: readonly z.infer<typeof Copy>[];
  readonly answers: readonly StoredAnswer[];
};

/** The addresses of a running world. */
export type Addresses = { readonly worker: string; readonly receiver: string };

/** The names of all recorded sets, oldest first. */
export async function listSets(): Promise<string[]> {
  const entries = await readdir(SETS, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

/**
 * Reads a set for a world with these addresses. With `now`, every stored date is moved by the time
 * that has passed since the recording, so that the set is as old as it was then.
 */
export async function readArchive(
  name: string,
  to: Addresses,
  { now }: { readonly now?: Date } = {},
): Promise<Archive> {
  const folder = new URL(`${name}/`, SETS);
  const lines = async (file: string) => {
    const text = gunzipSync(await readFile(new URL(file, folder))).toString("utf8");
    return exchange(text, PLACES, to).split("\n").filter(Boolean);
  };
  const rows = async <T>(file: string, schema: z.ZodType<T>) =>
    (await lines(file)).map((line) => schema.parse(JSON.parse(line)));
  const manifest = Manifest.parse(
    JSON.parse(await readFile(new URL("manifest.json", folder), "utf8")),
  );
  const shift = now === undefined ? 0 : now.getTime() - Date.parse(manifest.recorded_at);
  const collections = new Map<string, readonly StoredDocument[]>();
  for (const file of await readdir(new URL("mongodb/", folder))) {
    const documents = await lines(`mongodb/${file}`);
    collections.set(
      file.replace(/\.jsonl\.gz$/, ""),
      documents.map((line) => z.record(z.string(), z.unknown()).parse(shifted(parse(line), shift))),
    );
  }
  return {
    manifest,
    collections,
    messages: await rows("messages.jsonl.gz", Message),
    schedules: await rows("queue-schedules.jsonl.gz", QueueSchedule),
    copies: await rows("copies.jsonl.gz", Copy),
    answers: await rows("answers.jsonl.gz", Answer),
  };
}

const json = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row));

/** Writes a set: one document, message or answer a line. */
export async function writeArchive(name: string, set: Archive, from: Addresses): Promise<void> {
  const folder = new URL(`${name}/`, SETS);
  await mkdir(new URL("mongodb/", folder), { recursive: true });
  const write = (file: string, lines: readonly string[]) => {
    const text = exchange(lines.map((line) => `${line}\n`).join(""), from, PLACES);
    return writeFile(new URL(file, folder), gzipSync(text, { level: 9 }));
  };
  const manifest = `${JSON.stringify(set.manifest, null, 2)}\n`;
  await writeFile(new URL("manifest.json", folder), manifest);
  for (const [collection, documents] of set.collections) {
    const lines = documents.map((one) => EJSON.stringify(one, { relaxed: true }));
    await write(`mongodb/${collection}.jsonl.gz`, lines);
  }
  await write("messages.jsonl.gz", json(set.messages));
  await write("queue-schedules.jsonl.gz", json(set.schedules));
  await write("copies.jsonl.gz", json(set.copies));
  await write("answers.jsonl.gz", json(set.answers));
}

/** Binary values stay as the driver takes them. */
function parse(line: string): unknown {
  return EJSON.parse(line, { relaxed: true });
}

function exchange(text: string, from: Addresses, to: Addresses): string {
  return text.replaceAll(from.worker, to.worker).replaceAll(from.receiver, to.receiver);
}

function shifted(value: unknown, ms: number): unknown {
  if (value instanceof Date) return new Date(value.getTime() + ms);
  if (Array.isArray(value)) return value.map((one) => shifted(one, ms));
  if (typeof value !== "object" || value === null || "_bsontype" in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shifted(one, ms)]));
}
