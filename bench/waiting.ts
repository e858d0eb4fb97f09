/**
 * How long a waiter (`Prefer: wait`) is behind the change that it waits for: from the moment at
 * which the change is asked for to the waiter's answer, and beside it the time that the change's own
 * answer took. 1,000 waiters on one task, and one on each of 1,000 tasks.
 * Run: `npm run build && node bench/waiting.ts`.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { startWorkerd } from "../local/workerd.ts";
import { type Api, createApi } from "../test/support/api.ts";
import { percentile } from "./statistics.ts";

const WAITERS = 1000;
/** How many are begun or changed at once. */
const GROUP = 20;

const Ready = z.object({ vars: z.record(z.string(), z.string()), adminKey: z.string() });

type Woken = { readonly at: number; readonly isWoken: boolean };

/** When a change was asked for, and how long its answer took, in milliseconds. */
type Change = { readonly asked: number; readonly took: number };

const standIns = fork(new URL("stand-ins.ts", import.meta.url), ["held"]);
const [message] = await once(standIns, "message");
const { vars, adminKey } = Ready.parse(message);
const worker = await startWorkerd({ vars });
const admin = createApi(() => worker.url, adminKey);
await admin.post("/v1/namespaces", { name: "bench" }).expect(201);
const api = admin.as({ namespace: "bench" });
await api.put("/v1/task-types/bench.wait", { executor_url: "http://127.0.0.1:9/" }).expect(201);
try {
  await oneTask(api);
  await manyTasks(api);
} finally {
  await worker.close();
  standIns.disconnect();
}

async function oneTask(caller: Api): Promise<void> {
  const path = await makeTask(caller);
  const waits: Promise<Woken>[] = [];
  for (let begun = 0; begun < WAITERS; begun += GROUP) {
    waits.push(...Array.from({ length: GROUP }, () => wait(caller, path)));
    await caller.get(path).expect(200);
  }
  const change = await kill(caller, path);
  const woken = await Promise.all(waits);
  report(
    `${WAITERS} waiters on one task`,
    woken,
    woken.map(({ at }) => at - change.asked),
    [change.took],
  );
}

async function manyTasks(caller: Api): Promise<void> {
  const paths: string[] = [];
  while (paths.length < WAITERS) {
    paths.push(...(await Promise.all(Array.from({ length: GROUP }, () => makeTask(caller)))));
  }
  const waits: Promise<Woken>[] = [];
  for (let begun = 0; begun < WAITERS; begun += GROUP) {
    const group = paths.slice(begun, begun + GROUP);
    waits.push(...group.map((path) => wait(caller, path)));
    await caller.get(group[0] ?? "").expect(200);
  }
  const changes: Change[] = [];
  for (const path of paths) changes.push(await kill(caller, path));
  const woken = await Promise.all(waits);
  report(
    `one waiter on each of ${WAITERS} tasks`,
    woken,
    woken.map(({ at }, index) => at - (changes[index]?.asked ?? Number.NaN)),
    changes.map(({ took }) => took),
  );
}

async function makeTask(caller: Api): Promise<string> {
  const { body } = await caller
    .post("/v1/tasks", { task_type: "bench.wait", input: {}, delay: 3600 })
    .expect(202);
  return `/v1/tasks/${String(body["task_id"])}`;
}

async function wait(caller: Api, path: string): Promise<Woken> {
  const answer = await caller.get(path, { Prefer: "wait=60" }).expect(200);
  return { at: performance.now(), isWoken: answer.body["status"] === "CANCELED" };
}

async function kill(caller: Api, path: string): Promise<Change> {
  const asked = performance.now();
  await caller.post(`${path}/kill`, {}).expect(202);
  return { asked, took: performance.now() - asked };
}

function report(
  what: string,
  woken: readonly Woken[],
  latencies: readonly number[],
  changes: readonly number[],
): void {
  const count = woken.filter(({ isWoken }) => isWoken).length;
  console.log(
    `${what}: ${count} woken; from the change's request to the waiter's answer p50 ${ms(latencies, 0.5)} ms, ` +
      `p99 ${ms(latencies, 0.99)} ms; the change itself p50 ${ms(changes, 0.5)} ms`,
  );
}

function ms(values: readonly number[], share: number): string {
  return percentile(values, share).toFixed(0);
}
