import type { Context } from "hono";
import type { FloorBindings } from "./bindings.ts";
import { poolOf, qstashOf, redisOf } from "./clients.ts";
import { newRow } from "./insert.ts";

const DAY_SECONDS = 86_400;

/**
 * Hono and the calls that a submit makes, in the same order: find the batch, insert the task, then
 * at once the hot copy, the job's message and the batch's new status. Nothing is checked.
 */
export async function fiveCalls(c: Context<FloorBindings>): Promise<Response> {
  const row = newRow();
  const pool = poolOf(c.env);
  await pool.find(row._id);
  await pool.insert(row);
  await Promise.all([
    redisOf(c.env).set(`floors:${row._id}`, JSON.stringify(row), { ex: DAY_SECONDS }),
    qstashOf(c.env).publishJSON({
      url: `${c.env.PUBLIC_URL}/healthz`,
      body: { id: row._id },
      retries: 3,
      deduplicationId: row._id,
      flowControl: { key: "floors", parallelism: 10 },
    }),
    pool.raise(row._id),
  ]);
  return c.json(row, 202);
}
