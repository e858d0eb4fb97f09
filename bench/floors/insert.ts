import type { Context } from "hono";
import type { FloorBindings } from "./bindings.ts";

/** Hono and one insert of a document of a task's size, through one of as many pool objects. */
export async function insert(c: Context<FloorBindings>): Promise<Response> {
  const now = new Date();
  const document = {
    _id: crypto.randomUUID(),
    status: "PENDING",
    created_at: now,
    updated_at: now,
    version: 1,
    history: [{ at: now, kind: "status", to: "PENDING", actor: "bench" }],
    payload: "x".repeat(1500),
  };
  const size = Number(c.env.MONGODB_POOL_SIZE);
  await c.env.MONGO_POOL.getByName(`pool-${Math.floor(Math.random() * size)}`).insert(document);
  return c.json({ id: document._id }, 202);
}
