import type { Context } from "hono";
import { z } from "zod";
import { ScheduleId } from "../../contract/ids.ts";
import type { AppEnv } from "../app-env.ts";
import { fireSchedule } from "../../engine/schedules/fire-schedule.ts";
import { malformedMessage, readMessage } from "./queue-message.ts";

const Message = z.object({ schedule_id: ScheduleId });

/**
 * `POST /internal/schedules/fire`, called by the queue when a schedule is due. All retries of one
 * firing have the same message id (https://upstash.com/docs/qstash/howto/receiving).
 */
export async function schedulesFire(c: Context<AppEnv>): Promise<Response> {
  const message = readMessage(c, Message);
  if (!message.success) return malformedMessage(c, message.error);
  const input = {
    scheduleId: message.data.schedule_id,
    firing: c.req.header("Upstash-Message-Id") ?? c.var.requestId,
  };
  return c.json(await fireSchedule({ ctx: c.var.services, input }), 200);
}
