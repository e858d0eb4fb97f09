import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../contract/common.ts";
import { IdOrName } from "../contract/ids.ts";
import {
  CreateScheduleRequest,
  Schedule,
  ScheduleListRequest,
  UpdateScheduleRequest,
} from "../contract/schedule.ts";
import { Task } from "../contract/task.ts";
import { createSchedule } from "../services/schedules/create-schedule.ts";
import { deleteSchedule } from "../services/schedules/delete-schedule.ts";
import { getSchedule } from "../services/schedules/get-schedule.ts";
import { listSchedules } from "../services/schedules/list-schedules.ts";
import { pauseSchedule } from "../services/schedules/pause-schedule.ts";
import { presentSchedule } from "../services/schedules/present-schedule.ts";
import { resumeSchedule } from "../services/schedules/resume-schedule.ts";
import { runScheduleNow } from "../services/schedules/run-schedule-now.ts";
import { updateSchedule } from "../services/schedules/update-schedule.ts";
import { presentTask } from "../services/tasks/present-task.ts";
import { presentPage } from "./present.ts";
import { createRouter, json, jsonBody, optionalJsonBody, problems } from "./router.ts";
import { SubmissionHeaders } from "./submission.ts";

const params = z.object({ schedule_id: IdOrName });
const tags = ["Schedules"];

/** `/v1/schedules`: recurring submissions. */
export const schedules = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/schedules",
      tags,
      summary: "Create a schedule",
      request: { body: jsonBody(CreateScheduleRequest) },
      responses: { 201: json(Schedule, "The schedule, ACTIVE"), ...problems(404, 409, 503) },
    }),
    async (c) => {
      const ctx = c.var.inNamespace;
      const schedule = await createSchedule({ ctx, input: c.req.valid("json") });
      return c.json(presentSchedule(schedule, ctx.runtime.now()), 201, {
        Location: `/v1/schedules/${schedule._id}`,
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/schedules/list",
      tags,
      summary: "List schedules",
      request: { query: PageQuery, body: optionalJsonBody(ScheduleListRequest) },
      responses: { 200: json(pageOf(Schedule), "A page of schedules"), ...problems(404) },
    }),
    async (c) => {
      const ctx = c.var.inNamespace;
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      const now = ctx.runtime.now();
      const page = await listSchedules({ ctx, input });
      return c.json(
        presentPage(page, (schedule) => presentSchedule(schedule, now)),
        200,
      );
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/schedules/{schedule_id}",
      tags,
      summary: "Get a schedule with its next five times",
      request: { params },
      responses: { 200: json(Schedule, "The schedule"), ...problems(404) },
    }),
    async (c) => {
      const ctx = c.var.inNamespace;
      const input = { schedule: c.req.valid("param").schedule_id };
      return c.json(presentSchedule(await getSchedule({ ctx, input }), ctx.runtime.now()), 200);
    },
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/schedules/{schedule_id}",
      tags,
      summary: "Change what a schedule says",
      request: { params, body: jsonBody(UpdateScheduleRequest) },
      responses: { 200: json(Schedule, "The schedule"), ...problems(404, 503) },
    }),
    async (c) => {
      const ctx = c.var.inNamespace;
      const input = { schedule: c.req.valid("param").schedule_id, request: c.req.valid("json") };
      return c.json(presentSchedule(await updateSchedule({ ctx, input }), ctx.runtime.now()), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/schedules/{schedule_id}",
      tags,
      summary: "Delete a schedule",
      request: { params },
      responses: { 204: { description: "Deleted" }, ...problems(404, 503) },
    }),
    async (c) => {
      const input = { schedule: c.req.valid("param").schedule_id };
      await deleteSchedule({ ctx: c.var.inNamespace, input });
      return c.body(null, 204);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/schedules/{schedule_id}/run",
      tags,
      summary: "Submit now what the schedule says",
      request: { params, headers: SubmissionHeaders },
      responses: { 202: json(Task, "The task"), ...problems(404, 503) },
    }),
    async (c) => {
      const input = {
        schedule: c.req.valid("param").schedule_id,
        idempotencyKey: c.req.valid("header")["idempotency-key"] ?? null,
      };
      const task = await runScheduleNow({ ctx: c.var.inNamespace, input });
      return c.json(presentTask(task), 202, { Location: `/v1/tasks/${task._id}` });
    },
  );

for (const [path, summary, verb] of [
  ["/schedules/{schedule_id}/pause", "Pause a schedule", pauseSchedule],
  ["/schedules/{schedule_id}/resume", "Resume a schedule", resumeSchedule],
] as const) {
  schedules.openapi(
    createRoute({
      method: "post",
      path,
      tags,
      summary,
      request: { params },
      responses: { 200: json(Schedule, "The schedule"), ...problems(404, 503) },
    }),
    async (c) => {
      const ctx = c.var.inNamespace;
      const input = { schedule: c.req.valid("param").schedule_id };
      return c.json(presentSchedule(await verb({ ctx, input }), ctx.runtime.now()), 200);
    },
  );
}
