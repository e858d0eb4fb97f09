import { setTimeout as sleep } from "node:timers/promises";
import { MongoClient } from "mongodb";
import { loadPassages } from "../demo/passages.ts";
import { DEFAULT_BATCH_OPTIONS } from "../src/contract/batch.ts";
import { chunkText } from "../src/content/embedding/chunk.ts";
import { hashedNgramEmbedder } from "../src/content/embedding/hashed-ngram.ts";
import { MAX_OBJECTS_PER_STEP } from "../src/content/batch/job/read-objects.ts";
import { toStored } from "../src/stores/mongo/vectors.ts";
import { cpuTimeMs } from "./cpu-time.ts";
import { makeBucket, makeDrafts, submitAll } from "./fixtures.ts";
import { interleave } from "./interleave.ts";
import type { Sample } from "./load.ts";
import { type Comparison, compare } from "./report.ts";
import type { TestBed } from "./test-bed.ts";

const OBJECTS = 2_000;

/** A job that is not done by then never will be. */
const TIMEOUT_MS = 60_000;

/** How often the job is polled: what its time is measured to. */
const POLL_MS = 10;

/**
 * Documents per second of a whole batch, from its submission to COMPLETED, beside the same work in
 * one plain loop in this process: cut, embed, `insertMany`, as many at once as the job's steps
 * take, with no queue, lease or runner.
 */
export async function measureDocuments(bed: TestBed, rounds: number): Promise<Comparison> {
  const texts = loadPassages()
    .slice(0, OBJECTS)
    .map((passage) => passage.text);
  const bucket = await makeBucket(bed.api, "documents", texts);
  const client = new MongoClient(bed.mongodbUri, { writeConcern: { w: "majority" } });
  try {
    const drafts = await makeDrafts(bed.api, bucket, rounds + 1);
    const batch = () => timed(bed, texts.length, () => process(bed, drafts.pop() ?? ""));
    const loop = (round: number) =>
      timed(null, texts.length, () => writeAll(client, `loop${round}`, texts));
    // One round is for the compilers.
    await interleave([batch, loop], 1);
    await client.db("floors").dropDatabase();
    const [ours = [], theirs = []] = await interleave([batch, loop], rounds);
    return compare({
      what: `documents of a batch of ${texts.length} texts, submit to COMPLETED`,
      floor: "one loop in Node: cut, embed, `insertMany`",
      target: null,
      ours,
      theirs,
    });
  } finally {
    await client.close();
  }
}

async function process(bed: TestBed, draft: string): Promise<void> {
  const [taskId] = await submitAll(bed.api, [draft]);
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const { body } = await bed.api.get(`/v1/tasks/${taskId}`).expect(200);
    if (body["status"] === "COMPLETED") return;
    const isOver = body["completed_at"] !== null || Date.now() > deadline;
    if (isOver) throw new Error(`the batch did not complete: ${JSON.stringify(body)}`);
    await sleep(POLL_MS);
  }
}

async function writeAll(
  client: MongoClient,
  name: string,
  texts: readonly string[],
): Promise<void> {
  const collection = client.db("floors").collection<{ _id: string }>(name);
  for (let start = 0; start < texts.length; start += MAX_OBJECTS_PER_STEP) {
    const part = texts.slice(start, start + MAX_OBJECTS_PER_STEP);
    const chunks = part.flatMap((text) =>
      chunkText(text, {
        size: DEFAULT_BATCH_OPTIONS.chunk_size,
        overlap: DEFAULT_BATCH_OPTIONS.chunk_overlap,
      }),
    );
    const vectors = await hashedNgramEmbedder.embed(chunks);
    const now = new Date();
    await collection.insertMany(
      chunks.map((text, index) =>
        toStored({
          _id: `${start}-${index}`,
          text,
          embedding: vectors[index],
          created_at: now,
          updated_at: now,
        }),
      ),
      { ordered: false },
    );
  }
}

/** Without a bed no workerd takes part. */
async function timed(
  bed: TestBed | null,
  documents: number,
  work: () => Promise<void>,
): Promise<Sample> {
  const cpu = () => (bed === null ? null : cpuTimeMs(bed.waybill.pid));
  const cpuBefore = await cpu();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  const cpuAfter = await cpu();
  return {
    perSecond: documents / seconds,
    latency: null,
    workerCpuUs:
      cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1000) / documents,
    standInsCpuUs: null,
    redisCommands: null,
  };
}
