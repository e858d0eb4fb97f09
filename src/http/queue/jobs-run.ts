import type { Context } from "hono";
import { z } from "zod";
import { TaskId } from "../../contract/ids.ts";
import { runJob } from "../../engine/runner/run-job.ts";
import type { AppEnv } from "../app-env.ts";
import { malformedMessage, readMessage } from "./queue-message.ts";

const Message = z.object({ task_id: TaskId, version: z.int().min(1) });

/** `POST /internal/jobs/run`, called by the queue: one invocation of a task's job. */
export async function jobsRun(c: Context<AppEnv>): Promise<Response> {
  const message = readMessage(c, Message);
  if (!message.success) return malformedMessage(c, message.error);
  return c.json(await runJob({ ctx: c.var.services, input: message.data }), 200);
}
