import type { Db } from "mongodb";
import { reportToken } from "../../src/engine/executors/report-token.ts";
import { MAX_HISTORY_LINES } from "../../src/ports/task-store.ts";
import type { Api } from "./api.ts";

/** Gives a task as many lines of history as it may have. */
export async function fillHistory(database: Db, taskId: string): Promise<void> {
  const tasks = database.collection<{ _id: string; history: object[] }>("tasks");
  const line = (await tasks.findOne({ _id: taskId }))?.history[0] ?? {};
  const history = Array.from({ length: MAX_HISTORY_LINES }, () => line);
  await tasks.updateOne({ _id: taskId }, { $set: { history } });
}

/** Reports twice on an attempt of a task that has ended, and is refused. */
export async function reportTooLate(
  api: Api,
  sealingKey: string | undefined,
  taskId: string,
): Promise<void> {
  const key = await reportToken({ current: sealingKey ?? "" }, taskId, 1);
  for (let count = 0; count < 2; count += 1) {
    await api.as({ key }).patch(`/v1/tasks/${taskId}`, {}).expect(409);
  }
}
