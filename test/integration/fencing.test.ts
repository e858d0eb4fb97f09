import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultRule, Operation } from "../../local/faults.ts";
import { LEASE_MARGIN_MS } from "../../src/engine/runner/lease-guard.ts";
import type { Api } from "../support/api.ts";
import {
  getTask,
  makeBatch,
  sentence,
  submit,
  untilEnded,
  untilTask,
} from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

const LEASE_MS = 30_000;

/** By the runner's own clock the lease must have become short before it goes on. */
const HELD_MS = LEASE_MS - LEASE_MARGIN_MS + 500;

let world: World;
beforeAll(async () => {
  world = await startWorld({ vars: { LEASE_SECONDS: String(LEASE_MS / 1000) } });
});
afterAll(() => world.close());

const isDocumentWrite = ({ name, target }: Operation) =>
  name === "update" && target === "documents";

/** Submits a batch whose runner is held at what matches; resolves once it is there. */
async function heldAt(api: Api, rule: Pick<FaultRule, "phase" | "match">, ms: number) {
  const { mongo } = world.stack;
  if (mongo === null) throw new Error("no stand-in for MongoDB");
  let reached = false;
  mongo.faults.clear();
  mongo.faults.add({
    ...rule,
    match: (operation) => {
      if (!rule.match(operation)) return false;
      reached = true;
      return true;
    },
    times: 1,
    action: { kind: "delay", ms },
  });
  const batch = await makeBatch(api, [sentence(1), sentence(2)]);
  const { task_id } = await submit(api, batch);
  await untilTask(api, task_id, () => reached);
  return { taskId: task_id, batch, operations: mongo.operations };
}

describe("a killed batch", () => {
  it("gets no document from a runner whose lease was taken over, once another has confirmed CANCELED", async () => {
    const api = await world.inNamespace();
    const isRead = ({ name, target }: Operation) =>
      name === "find" && target === "objects" && world.stack.qstash.operations.all().length > 0;
    const { taskId, batch, operations } = await heldAt(
      api,
      { phase: "after", match: isRead },
      HELD_MS,
    );
    await api.post(`/v1/tasks/${taskId}/kill`, { reason: "enough" }).expect(202);
    await world.runMinuteCron(LEASE_MS + 1000);
    const canceled = await untilEnded(api, taskId);
    expect(canceled).toMatchObject({ status: "CANCELED", cancel: { reason: "enough" } });
    operations.clear();
    await sleep(HELD_MS);
    await world.stack.qstash.idle();

    expect(operations.all().filter(isDocumentWrite)).toEqual([]);
    const { body } = await api.post(`/v1/collections/${batch.collectionId}/documents/list`, {});
    expect(body["results"]).toEqual([]);
    expect(await getTask(api, taskId)).toEqual(canceled);
    const { text } = await api.get(`/v1/tasks/${taskId}/history`).expect(200);
    expect(text).toContain("a write with an old lease token was refused");
  });

  it("is CANCELED only when a write that is under way is over, as long as the lease lasts", async () => {
    const api = await world.inNamespace();
    const { taskId, operations } = await heldAt(
      api,
      { phase: "before", match: isDocumentWrite },
      1000,
    );
    await api.post(`/v1/tasks/${taskId}/kill`).expect(202);
    await world.runMinuteCron(LEASE_MS - 3000);
    expect(await getTask(api, taskId)).toMatchObject({ status: "PROCESSING" });
    const { outputs } = await untilEnded(api, taskId);
    expect(outputs).toMatchObject([{ documents_written: 2 }]);
    operations.clear();
    await world.stack.qstash.idle();
    expect(operations.all().filter(isDocumentWrite)).toEqual([]);
  });
});
