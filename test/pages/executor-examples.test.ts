import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Task } from "../../src/contract/task.ts";
import { untilEnded, untilTask } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** Starts an example on a port, and resolves once it listens. */
async function start(command: string, file: string, env: Record<string, string>) {
  const child = spawn(command, [file], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  await Promise.race([
    once(lines, "line"),
    once(child, "exit").then(() => {
      throw new Error(`${file} ended before it listened`);
    }),
  ]);
  return async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  };
}

describe.each([
  ["executor.py", "python3"],
  ["executor.ts", process.execPath],
])("the example %s", (file, command) => {
  const type = "primes.count";

  it("does a task, reports progress, stops at a kill, and takes nothing that isn't signed", async () => {
    const api = await world.inNamespace();
    const port = await getPort();
    const terms = { executor_url: `http://127.0.0.1:${port}/`, heartbeat_timeout: 30 };
    const made = await api.put(`/v1/task-types/${type}`, terms).expect(201);
    const stop = await start(command, `examples/${file}`, {
      PORT: String(port),
      WAYBILL_SECRET: String(made.body["secret"]),
    });
    try {
      const create = async (limit: number) =>
        Task.parse(
          (await api.post("/v1/tasks", { task_type: type, input: { limit } }).expect(202)).body,
        );
      const done = await untilEnded(api, (await create(50_000)).task_id);
      expect(done).toMatchObject({
        status: "COMPLETED",
        outputs: [{ primes: 5133 }],
        progress: { completed: 50_000, total: 50_000, unit: "numbers" },
      });
      expect(done.additional_data["job_id"]).toBeDefined();

      const long = await create(500_000_000);
      await untilTask(api, long.task_id, ({ progress }) => (progress?.completed ?? 0) > 0);
      await api.post(`/v1/tasks/${long.task_id}/kill`).expect(202);
      expect(await untilEnded(api, long.task_id)).toMatchObject({ status: "CANCELED" });

      const forged = await fetch(terms.executor_url, { method: "POST", body: "{}" });
      expect(forged.status).toBe(401);
    } finally {
      await stop();
    }
  });
});
