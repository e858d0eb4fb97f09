import { setTimeout as sleep } from "node:timers/promises";
import { isTerminal } from "../src/contract/status.ts";
import { Task } from "../src/contract/task.ts";
import type { Client } from "./client.ts";
import { DemoFailure } from "./failure.ts";
import { progressBar } from "./terminal.ts";

/** A client that isn't a show asks as often as `Retry-After` says: once a second. */
const POLL_INTERVAL_MS = 100;

/** No single task of the demo takes so long. */
const TIMEOUT_MS = 60_000;

/** A task as it was when the wish came true, and what it took to see it. */
export type Watched = {
  readonly task: Task;
  readonly polls: number;
  /** How many polls one Redis command answered. */
  readonly fromCache: number;
};

/** Polls a task and shows how far it is, until it has ended or `isEnough` says so. */
export async function watch(
  client: Client,
  taskId: string,
  isEnough: (task: Task) => boolean = () => false,
): Promise<Watched> {
  const bar = progressBar();
  const deadline = Date.now() + TIMEOUT_MS;
  let fromCache = 0;
  for (let polls = 1; ; polls += 1) {
    const { body: task, source } = await client.get(`/v1/tasks/${taskId}`, Task);
    if (source === "cache") fromCache += 1;
    bar.update(task.status, task.progress);
    if (isTerminal(task.status) || isEnough(task)) {
      bar.end();
      return { task, polls, fromCache };
    }
    if (Date.now() > deadline) {
      bar.end();
      throw new DemoFailure(`task ${taskId} is still ${task.status} after ${TIMEOUT_MS / 1000} s`);
    }
    await sleep(POLL_INTERVAL_MS);
  }
}
