import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getTask, makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { leaveSharedWorld, type SharedWorld, sharedWorld } from "../support/shared-world.ts";

let world: SharedWorld;
beforeAll(async () => {
  world = await sharedWorld();
});
afterAll(leaveSharedWorld);

describe("a batch", () => {
  it("becomes documents: DRAFT, submitted, PENDING, COMPLETED, and the batch shows what its task shows", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(
      api,
      Array.from({ length: 60 }, (_, index) => sentence(index)),
    );
    expect((await api.get(batch.path).expect(200)).body).toMatchObject({
      status: "DRAFT",
      task_id: null,
    });

    const accepted = await submit(api, batch);
    expect(accepted).toMatchObject({ status: "PENDING", inputs: [batch.batchId] });

    const ended = await untilEnded(api, accepted.task_id);
    expect(ended).toMatchObject({
      status: "COMPLETED",
      progress: { completed: 60, total: 60 },
      error_message: null,
      outputs: [{ collection_id: batch.collectionId, documents_written: 60, objects_failed: 0 }],
    });
    expect((await api.get(batch.path).expect(200)).body).toMatchObject({
      status: "COMPLETED",
      task_id: accepted.task_id,
      error_message: null,
    });
  });

  it("submitted again answers the same task, before and after its end", async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    const [first, second] = await Promise.all([submit(api, batch), submit(api, batch)]);
    expect(second.task_id).toBe(first.task_id);
    await untilEnded(api, first.task_id);
    expect((await submit(api, batch)).task_id).toBe(first.task_id);
    expect((await getTask(api, first.task_id)).attempt).toBe(1);
  });
});
