import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import { ScheduleListRequest } from "../../contract/schedule.ts";
import { Task } from "../../contract/task.ts";
import { createSchedule } from "../../engine/schedules/create-schedule.ts";
import { deleteSchedule } from "../../engine/schedules/delete-schedule.ts";
import { getSchedule, listSchedules } from "../../engine/schedules/read-schedules.ts";
import { pauseSchedule, resumeSchedule } from "../../engine/schedules/pause-schedule.ts";
import { presentSchedule } from "../../engine/schedules/present-schedule.ts";
import { runScheduleNow } from "../../engine/schedules/run-schedule-now.ts";
import { updateSchedule } from "../../engine/schedules/update-schedule.ts";
import { presentPage } from "../present.ts";
import { problems } from "../problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../router.ts";
import { answerSubmission, SubmissionHeaders } from "../submission.ts";
import type { SubmissionSchemas } from "../submission-schemas.ts";

const params = z.object({ schedule_id: IdOrName });
const tags = ["Schedules"];

/** `/v1/schedules`: recurring submissions. */
export function schedules(schemas: SubmissionSchemas) {
  const { CreateScheduleRequest, Schedule, UpdateScheduleRequest, example } = schemas;
  const router = createRouter()
    .openapi(
      createRoute({
        method: "post",
        path: "/schedules",
        tags,
        operationId: "createSchedule",
        summary: "Create a schedule",
        description: "The name is unique in the namespace. Five cron fields, in a time zone.",
        request: {
          body: jsonBody(CreateScheduleRequest, {
            name: "nightly",
            cron: "30 2 * * *",
            timezone: "Europe/Berlin",
            submission: example,
          }),
        },
        responses: { 201: jsonAt(Schedule, "The schedule, ACTIVE"), ...problems("name_taken") },
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
        operationId: "listSchedules",
        summary: "List schedules",
        description: "Newest first.",
        request: { query: PageQuery, body: optionalJsonBody(ScheduleListRequest, { limit: 20 }) },
        responses: { 200: json(pageOf(Schedule), "A page of schedules") },
      }),
      async (c) => {
        const ctx = c.var.inNamespace;
        const input = { ...c.req.valid("query"), ...c.req.valid("json") };
        const now = ctx.runtime.now();
        const page = await listSchedules({ ctx, input });
        return c.json(
          presentPage(c, page, (schedule) => presentSchedule(schedule, now)),
          200,
        );
      },
    )
    .openapi(
      createRoute({
        method: "get",
        path: "/schedules/{schedule_id}",
        tags,
        operationId: "getSchedule",
        summary: "Get a schedule with its next five times",
        description: "By id or name.",
        request: { params },
        responses: { 200: json(Schedule, "The schedule"), ...problems("not_found") },
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
        operationId: "updateSchedule",
        summary: "Update a schedule",
        description: "The given fields replace the stored ones.",
        request: { params, body: jsonBody(UpdateScheduleRequest, { cron: "0 3 * * *" }) },
        responses: { 200: json(Schedule, "The schedule"), ...problems("not_found") },
      }),
      async (c) => {
        const ctx = c.var.inNamespace;
        const input = { schedule: c.req.valid("param").schedule_id, request: c.req.valid("json") };
        return c.json(
          presentSchedule(await updateSchedule({ ctx, input }), ctx.runtime.now()),
          200,
        );
      },
    )
    .openapi(
      createRoute({
        method: "delete",
        path: "/schedules/{schedule_id}",
        tags,
        operationId: "deleteSchedule",
        summary: "Delete a schedule",
        description: "Tasks that it created continue.",
        request: { params },
        responses: { 204: { description: "Deleted" }, ...problems("not_found") },
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
        operationId: "runSchedule",
        summary: "Run a schedule now",
        description: "Works while paused too; the overlap policy applies.",
        request: { params, headers: SubmissionHeaders },
        responses: {
          202: jsonAt(Task, "The task"),
          ...problems("not_found", "idempotency_key_reused"),
        },
      }),
      (c) =>
        answerSubmission(c, c.req.valid("header"), {
          make: (ctx, keyed) =>
            runScheduleNow({ ctx, input: { schedule: c.req.valid("param").schedule_id, keyed } }),
        }),
    );

  for (const [path, operationId, summary, description, verb] of [
    [
      "/schedules/{schedule_id}/pause",
      "pauseSchedule",
      "Pause a schedule",
      "It does not fire until it is resumed. Tasks that it created continue.",
      pauseSchedule,
    ],
    [
      "/schedules/{schedule_id}/resume",
      "resumeSchedule",
      "Resume a schedule",
      "Missed times are not made up for.",
      resumeSchedule,
    ],
  ] as const) {
    router.openapi(
      createRoute({
        method: "post",
        path,
        tags,
        operationId,
        summary,
        description,
        request: { params },
        responses: { 200: json(Schedule, "The schedule"), ...problems("not_found") },
      }),
      async (c) => {
        const ctx = c.var.inNamespace;
        const input = { schedule: c.req.valid("param").schedule_id };
        return c.json(presentSchedule(await verb({ ctx, input }), ctx.runtime.now()), 200);
      },
    );
  }
  return router;
}
