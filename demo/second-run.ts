import { Batch } from "../src/contract/batch.ts";
import { MAX_PAGE_SIZE, pageOf } from "../src/contract/common.ts";
import { BucketObject } from "../src/contract/object.ts";
import { Task } from "../src/contract/task.ts";
import type { Client } from "./client.ts";
import { allDocuments } from "./documents.ts";
import { claim } from "./failure.ts";
import { LabelCounts } from "./labels.ts";
import { checked, line, number } from "./terminal.ts";
import { watch } from "./watch.ts";

/** The address whose passages are written again. */
const CHANGED = { president: "John F Kennedy", year: 1962 } as const;

export type SecondRun = {
  readonly client: Client;
  readonly bucketId: string;
  readonly collectionId: string;
  /** Runs the taxonomy once more, to its end. */
  readonly materialize: () => Promise<Task>;
};

/** Writes a few documents again, and shows that the taxonomy's next run touches these alone. */
export async function showSecondRun({
  client,
  bucketId,
  collectionId,
  materialize,
}: SecondRun): Promise<void> {
  line();
  const changed = await writeAgain(client, bucketId, collectionId);
  line(`A batch has written ${changed} documents again: ${CHANGED.president}, ${CHANGED.year}.`);
  const second = await materialize();
  claim(second.status === "COMPLETED", `the second run ended ${second.status}`);
  const counts = LabelCounts.parse(second.outputs?.[0]);
  const done = counts.documents_labelled + counts.documents_below_threshold;
  claim(done === changed, `${changed} documents were written again, the second run did ${done}`);
  const documents = await allDocuments(client, collectionId);
  const touched = documents.filter(({ updated_at }) => updated_at >= second.created_at);
  claim(
    touched.length === changed &&
      touched.every(({ metadata }) => metadata["year"] === CHANGED.year),
    `${changed} documents were written again, the second run touched ${touched.length}`,
  );
  checked(`It labelled these ${done}, and left ${number(documents.length - done)} as they were`);
  const third = await materialize();
  claim(third.status === "SKIPPED", `a run with nothing to do ended ${third.status}`);
  checked("With nothing new to label, a run is SKIPPED");
}

/** Makes the documents of {@link CHANGED} anew, which takes their labels off; how many they are. */
async function writeAgain(client: Client, bucketId: string, collectionId: string): Promise<number> {
  const { results } = await client.post(
    `/v1/buckets/${bucketId}/objects/list`,
    { metadata: CHANGED, limit: MAX_PAGE_SIZE },
    pageOf(BucketObject),
  );
  const object_ids = results.map(({ object_id }) => object_id);
  const { batch_id } = await client.post(
    `/v1/buckets/${bucketId}/batches`,
    { object_ids, collection_id: collectionId },
    Batch,
  );
  const submitted = await client.post(
    `/v1/buckets/${bucketId}/batches/${batch_id}/submit`,
    {},
    Task,
  );
  const { task } = await watch(client, submitted.task_id);
  claim(task.status === "COMPLETED", `the batch ended ${task.status}: ${task.error_message}`);
  return object_ids.length;
}
