import { Task } from "../../../src/contract/task.ts";
import { type Api, createApi } from "../../support/api.ts";
import type { Recorder } from "../recorder.ts";
import {
  CANCELED,
  COMPLETED,
  endsAs,
  FAILED,
  makeBucket,
  makeCollection,
  SKIPPED,
} from "./content-jobs.ts";

/** A submission that a later version must know again by its `Idempotency-Key`. */
export const REPEATED = {
  namespace: "executors",
  key: "stored-with-a-key",
  body: { task_type: "gpu.train", input: { model: "m" }, ...COMPLETED },
};

const HOUR = 3600;

const create = async (api: Api, type: string, options: object = COMPLETED): Promise<Task> => {
  const body = { task_type: type, input: { model: "m" }, ...options };
  return Task.parse((await api.post("/v1/tasks", body).expect(202)).body);
};

/** Tasks whose executors have been silent for long. It drives cron. */
export async function settledTasks({ world, inNamespace, receiver }: Recorder): Promise<void> {
  const api = await inNamespace("silent");
  const executor_url = receiver.url("/executor/silent");
  await api.put("/v1/task-types/short.work", { executor_url, heartbeat_timeout: 5 }).expect(201);
  await create(api, "short.work", FAILED);
  await create(api, "short.work", COMPLETED);
  const killed = await create(api, "short.work", CANCELED);
  await world.stack.qstash.idle();
  await world.runMinuteCron(20_000);
  await api.post(`/v1/tasks/${killed.task_id}/kill`, {}).expect(202);
}

/** Tasks that wait for an executor, for their time, for a key; and all that executors reported. */
export async function waitingTasks(recorder: Recorder): Promise<void> {
  const { world, inNamespace, receiver, tokens, everyStop } = recorder;
  const idle = () => world.stack.qstash.idle();
  const api = await inNamespace(REPEATED.namespace);
  const executor_url = receiver.url("/executor/train");
  const terms = { executor_url, heartbeat_timeout: HOUR, backoff: { base: 600, cap: 600 } };
  await api.put("/v1/task-types/gpu.train", terms).expect(201);
  const concurrency = { key: "customer-{input.model}", limit: 1 };
  await api.put("/v1/task-types/one.only", { ...terms, concurrency }).expect(201);
  const report = async (task: Task, body: object) => {
    await idle();
    const executor = createApi(() => world.worker.url, tokens.get(task.task_id) ?? "");
    return executor.patch(`/v1/tasks/${task.task_id}`, body).expect(200);
  };
  await api.post("/v1/tasks", REPEATED.body, { "Idempotency-Key": REPEATED.key }).expect(202);
  await create(api, "gpu.train", FAILED);
  await report(await create(api, "gpu.train"), {
    progress: { completed: 3, total: 10 },
    additional_data: { job_id: "j-1" },
  });
  const killed = await create(api, "gpu.train", CANCELED);
  await idle();
  await api.post(`/v1/tasks/${killed.task_id}/kill`, { reason: "too slow" }).expect(202);
  await report(await create(api, "gpu.train"), { status: "COMPLETED", outputs: [{ loss: 0.5 }] });
  const error = { code: "oom", message: "out of memory", retryable: false };
  await report(await create(api, "gpu.train", FAILED), { status: "FAILED", error });
  await report(await create(api, "gpu.train", SKIPPED), { status: "SKIPPED", reason: "known" });
  await report(await create(api, "gpu.train", CANCELED), { status: "CANCELED", reason: "no room" });
  await report(await create(api, "gpu.train", COMPLETED), {
    status: "FAILED",
    error: { ...error, retryable: true, details: { gpu: 1 } },
    progress: { completed: 5 },
  });
  await create(api, "one.only");
  await idle();
  await create(api, "one.only");
  await idle();
  await everyStop(
    () => Promise.resolve(),
    async () => report(await create(api, "gpu.train"), { status: "COMPLETED", outputs: [] }),
  );
  await everyStop(
    async () => {
      const { task_id } = await create(api, "gpu.train", CANCELED);
      await create(api, "gpu.train", { ...CANCELED, parent_task_id: task_id });
      await idle();
      return task_id;
    },
    (id) => api.post(`/v1/tasks/${id}/kill`, {}).expect(202),
  );
  await inLine(recorder);
}

/** One at a time of a key, in line. */
const hold = (key: string) => ({ singleton: { key, when_busy: "queue" } });

/** Tasks that wait for their time, or for a key that another one holds. */
async function inLine({ world, inNamespace, receiver }: Recorder): Promise<void> {
  const api = await inNamespace("waiting");
  const executor_url = receiver.url("/executor/holder");
  await api.put("/v1/task-types/gpu.hold", { executor_url, heartbeat_timeout: HOUR }).expect(201);
  await create(api, "gpu.hold", {
    ...COMPLETED,
    ...hold("short"),
    metadata: { of: "line", at: 1 },
  });
  await world.stack.qstash.idle();
  await create(api, "gpu.hold", { ...COMPLETED, ...hold("short") });
  await create(api, "gpu.hold", { ...FAILED, ...hold("long") });
  await world.stack.qstash.idle();
  const ttl = { queue_ttl: 60, ...hold("long") };
  await create(api, "gpu.hold", { ...SKIPPED, ...ttl, on_expire: "skip" });
  await create(api, "gpu.hold", { ...FAILED, ...ttl, on_expire: "fail" });
  const skip = { singleton: { key: "long", when_busy: "skip" } };
  await create(api, "gpu.hold", { ...SKIPPED, ...skip });
  const bucket_id = await makeBucket(api, [{ content: { text: "A late ship." } }]);
  const submissions = ["low", "normal", "high"].map((priority, at) => ({
    idempotency_key: `late-${priority}`,
    submission: {
      kind: "bucket",
      bucket_id,
      collection_id: "late",
      priority,
      delay: (at + 1) * 600,
      tags: [endsAs("COMPLETED"), "late"],
    },
  }));
  await makeCollection(api, "late");
  await api.post("/v1/submissions", { submissions }).expect(200);
  await world.stack.qstash.idle();
}
