import { describe, expect, test } from "vitest";
import { DocumentId } from "../../../contract/ids.ts";
import type { BatchState } from "./batch-state.ts";
import { processBatch } from "./process-batch.ts";
import { MAX_OBJECTS_PER_STEP, MAX_URLS_PER_STEP } from "./read-objects.ts";
import { MAX_DOCUMENTS_PER_STEP, MAX_TEXT_PER_STEP } from "./take-step.ts";
import { newId } from "../../../../test/jobs/job-parts.ts";
import {
  blank,
  BUCKET,
  COLLECTION,
  INPUT,
  objectOf,
  outputOf,
  run,
  stateOf,
  words,
  world,
  type World,
} from "../../../../test/jobs/batch-world.ts";

const url = (n: number) => ({ kind: "url", url: `https://example.com/${n}` }) as const;

const mixed = [words(900), { kind: "json", json: { a: "some text" } } as const, words(9), words(2)];

describe("api_buckets_batches_process", () => {
  test("makes documents of every object's chunks, in order, with the object's metadata", async () => {
    const at = world(mixed);
    const outcome = await run(at);
    expect(outcome).toMatchObject({ kind: "done", progress: { completed: 4, total: 4 } });
    const documents = [...at.documents.values()];
    const [long] = at.objects.keys();
    const ofLong = documents.filter((document) => document.object_id === long);
    expect(ofLong.map((document) => document.chunk_index)).toEqual([...ofLong.keys()]);
    expect(documents).toHaveLength(ofLong.length + 3);
    for (const document of documents) {
      expect(DocumentId.safeParse(document._id).success).toBe(true);
      expect(document).toMatchObject({ metadata: { lang: "en" }, enrichments: {}, task_id: "tsk" });
      expect(document.embedding).toHaveLength(256);
    }
    expect(outputOf(at, outcome)).toEqual({
      collection_id: COLLECTION,
      documents_written: documents.length,
      objects_processed: 4,
      objects_failed: 0,
      failures: [],
    });
  });

  test("a step that runs twice changes nothing, and neither does a second batch", async () => {
    const once = world(mixed);
    const outcome = await run(once);
    const before = new Map(once.documents);
    expect(await run(once, { times: 3 })).toEqual(outcome);
    expect(once.documents).toEqual(before);
  });

  test("a step reads once, writes once, and keeps within its objects, text and documents", async () => {
    const at = world([...Array.from({ length: 60 }, () => words(10)), words(120_000), words(5)]);
    const outcome = await run(at);
    expect(outcome.kind).toBe("done");
    expect(at.writes.length).toBeLessThanOrEqual(at.reads.length);
    for (const written of at.writes) {
      const length = written.reduce((sum, document) => sum + document.text.length, 0);
      expect(length).toBeLessThanOrEqual(MAX_TEXT_PER_STEP);
      expect(written.length).toBeLessThanOrEqual(MAX_DOCUMENTS_PER_STEP);
      const objects = new Set(written.map((document) => document.object_id));
      expect(objects.size).toBeLessThanOrEqual(MAX_OBJECTS_PER_STEP);
    }
    // No chunk was written twice on the way through the long object, and none was left out.
    const written = at.writes.flat();
    expect(new Set(written.map((document) => document._id)).size).toBe(written.length);
    expect(outputOf(at, outcome)).toMatchObject({ documents_written: written.length });
  });

  test("a crash at any step, before or after its write, leaves every document once", async () => {
    const contents = [...mixed, words(90_000), ...Array.from({ length: 30 }, () => words(4))];
    const undisturbed = world(contents);
    const expected = outputOf(undisturbed, await run(undisturbed));
    const steps = undisturbed.reads.length;
    expect(steps).toBeGreaterThan(4);
    for (let crash = 0; crash < steps; crash++) {
      for (const lost of ["write", "answer"] as const) {
        const at = world(contents);
        await run(at, { crash: { step: crash, lost } });
        // Ids differ between worlds by their objects only; texts and numbers may not.
        expect(at.documents.size).toBe(expected["documents_written"]);
        expect([...at.documents.values()].map((document) => document.text)).toEqual(
          [...undisturbed.documents.values()].map((document) => document.text),
        );
      }
    }
    // It embeds the same long text a dozen times: seconds of work, many on a busy machine.
  }, 120_000);

  test("big metadata makes a step's write smaller", async () => {
    const at = world([words(30_000)]);
    for (const [id, object] of at.objects) {
      const big = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [n, "x".repeat(1024)]));
      at.objects.set(id, { ...object, metadata: big });
    }
    expect((await run(at)).kind).toBe("done");
    for (const written of at.writes) expect(written.length).toBeLessThan(60);
  });

  test("objects that come after the start aren't part of a batch of all", async () => {
    const at = world([words(5), words(5)]);
    const outcome = await run(at, {
      between: () => {
        const late = { ...objectOf(words(5)), _id: `obj_f${"0".repeat(31)}` };
        at.objects.set(late._id, late);
      },
    });
    expect(outcome).toMatchObject({ kind: "done", progress: { completed: 2, total: 2 } });
  });

  test("a long object that is removed halfway doesn't make the next one lose chunks", async () => {
    const at = world([words(60_000), words(100), words(100)]);
    const [long = "", next = ""] = at.objects.keys();
    const outcome = await run(at, {
      between: (step) => {
        if (step === 1) at.objects.delete(long);
      },
    });
    expect(outcome).toMatchObject({ kind: "done", progress: { completed: 2, total: 2 } });
    const ofNext = [...at.documents.values()].filter((document) => document.object_id === next);
    expect(ofNext.map((document) => document.chunk_index)).toEqual([...ofNext.keys()]);
    expect(ofNext[0]?.text).toMatch(/^word0 /);
  });

  test("chosen objects that were removed are failures; the others are processed", async () => {
    const at = world([words(5), words(5), words(5)]);
    const [first = "", second = ""] = at.objects.keys();
    const chosen = { ...at.ctx.resource, object_ids: [second, newId("object"), first] };
    const some: World = { ...at, ctx: { ...at.ctx, resource: chosen } };
    const outcome = await run(some);
    expect(outputOf(some, outcome)).toMatchObject({
      documents_written: 2,
      objects_failed: 1,
      failures: [{ code: "object_not_found" }],
    });
  });
});

describe("a batch's end", () => {
  test("a batch without objects is skipped, also when all chosen ones are gone", async () => {
    const skip = { kind: "skip", reason: "The batch has no objects." };
    expect(await run(world([]))).toEqual(skip);
    expect(await run(world([words(3)], { object_ids: [] }))).toEqual(skip);
    expect(await run(world([words(3)], { object_ids: [newId("object")] }))).toEqual(skip);
  });

  test("a collection that is gone fails it", async () => {
    const outcome = await run(world([words(3)], {}, false));
    expect(outcome).toMatchObject({ kind: "fail", code: "collection_not_found" });
  });

  test("half of the objects may fail, more may not; 20 failures are listed", async () => {
    const half = world([words(3), blank, words(3), blank]);
    expect((await run(half)).kind).toBe("done");
    const most = world([words(3), ...Array.from({ length: 30 }, () => blank)]);
    const outcome = await run(most);
    expect(outcome).toMatchObject({
      kind: "fail",
      code: "too_many_failures",
      details: { completed: 31, failed: 30 },
    });
    expect(outputOf(most, outcome)["failures"]).toHaveLength(20);
  });

  test("documents are announced exactly when some were written, at any end", async () => {
    const at = world([words(3), blank, blank]);
    const { ctx } = at;
    const failed = stateOf(await run(at));
    expect(processBatch.conclude(failed, "FAILED", ctx).events).toEqual([
      {
        type: "collection.documents.written",
        data: {
          collection_id: COLLECTION,
          bucket_id: BUCKET,
          batch_id: INPUT.batch_id,
          documents_written: 1,
          embedding: {
            embedder: "hashed-ngram-256",
            dimensions: 256,
            declared_dimensions: 256,
          },
          fields: [{ name: "lang", types: ["string"] }],
          more_fields: false,
        },
      },
    ]);
    const none = stateOf(await processBatch.start(INPUT, ctx));
    expect(processBatch.conclude(none, "CANCELED", ctx).events).toEqual([]);
  });

  test("from any checkpoint on, all that was written since is counted", async () => {
    const at = world([...mixed, words(120_000), ...Array.from({ length: 120 }, () => words(4))]);
    const checkpoints: BatchState[] = [];
    let outcome = await processBatch.start(INPUT, at.ctx);
    while (outcome.kind === "next") {
      checkpoints.push(stateOf(outcome));
      outcome = await processBatch.advance(stateOf(outcome), at.ctx);
    }
    expect(checkpoints.length).toBeGreaterThan(3);
    expect(checkpoints.some((state) => state.partial !== null)).toBe(true);
    for (const checkpoint of checkpoints) {
      const recounted = await processBatch.recount?.(checkpoint, at.ctx);
      expect(recounted?.documents).toBe(at.documents.size);
    }
  });

  test("URLs are fetched a few at a time, and one that isn't public never is", async () => {
    const secret = { kind: "url", url: "https://169.254.169.254/" } as const;
    const at = world([url(1), url(2), words(3), url(3), url(4), secret, url(5)]);
    const outcome = await run(at);
    expect(outputOf(at, outcome)).toMatchObject({ failures: [{ code: "url_refused" }] });
    expect(at.fetched).toEqual([1, 2, 3, 4, 5].map((n) => `https://example.com/${n}`));
    expect(at.writes[0]).toHaveLength(MAX_URLS_PER_STEP + 1);
  });
});
