/**
 * How long a kill takes: from the request to the first poll that says CANCELED, for each type of
 * task that can be killed while it runs. `npm run build && node bench/kill.ts
 * [--kills N] [--interval MS] [--kinds batch,cluster,…]`, the interval being HEARTBEAT_INTERVAL_MS,
 * which bounds it. With 200 kills, the default, about 20 minutes.
 */
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../local/stack.ts";
import { startWorkerd } from "../local/workerd.ts";
import { createApi } from "../test/support/api.ts";
import { startExecutor } from "../test/support/executor.ts";
import { holdReads, type Kind, KINDS, POLL_MS, statusOf, TIMEOUT_MS } from "./kill-kinds.ts";
import { percentile } from "./statistics.ts";

const NAMESPACE = "kill";

/** One kill of a running task, in milliseconds. */
async function killOnce({ api, name, momentsMs, start }: Kind): Promise<number> {
  const { taskId, stop } = await start();
  try {
    await sleep(Math.random() * momentsMs);
    const before = await statusOf(api, taskId);
    if (before !== "PROCESSING" && before !== "IN_PROGRESS") {
      throw new Error(`${name}: ${taskId} is ${before} before it is killed`);
    }
    const began = performance.now();
    await api.post(`/v1/tasks/${taskId}/kill`, {}).expect(202);
    while ((await statusOf(api, taskId)) !== "CANCELED") {
      if (performance.now() - began > TIMEOUT_MS) throw new Error(`${taskId} is not CANCELED`);
      await sleep(POLL_MS);
    }
    return performance.now() - began;
  } finally {
    stop?.();
  }
}

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    kinds: { type: "string", default: Object.keys(KINDS).join(",") },
    interval: { type: "string", default: "1000" },
  },
});
const kills = Number(values.kills);
const [stack, executor] = await Promise.all([startStack(), startExecutor()]);
const worker = await startWorkerd({
  vars: { ...stack.vars, HEARTBEAT_INTERVAL_MS: values.interval },
});
try {
  const admin = createApi(() => worker.url, stack.adminKey);
  await admin.post("/v1/namespaces", { name: NAMESPACE }).expect(201);
  const bench = { api: admin.as({ namespace: NAMESPACE }), admin, stack, executor };
  const kinds: Kind[] = [];
  for (const name of values.kinds.split(",")) {
    const kindOf = KINDS[name];
    if (kindOf === undefined)
      throw new Error(`no kind "${name}": ${Object.keys(KINDS).join(", ")}`);
    kinds.push(await kindOf(bench, kills));
  }
  holdReads(stack);
  console.log(`heartbeat interval ${values.interval} ms`);
  console.log("| a running | kills | p50 ms | p99 ms | most ms |\n| --- | --- | --- | --- | --- |");
  for (const kind of kinds) {
    const times: number[] = [];
    for (let index = 0; index < kills; index += 1) times.push(await killOnce(kind));
    const figures = [percentile(times, 0.5), percentile(times, 0.99), Math.max(...times)];
    const cells = [kind.name, kills, ...figures.map((ms) => ms.toFixed(0))];
    console.log(`| ${cells.join(" | ")} |`);
  }
} finally {
  await Promise.all([worker.close(), executor.close()]);
  await stack.close();
}
