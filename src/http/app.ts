import type { OpenAPIHono } from "@hono/zod-openapi";
import { eventsDispatch } from "./queue/events-dispatch.ts";
import { jobsRun } from "./queue/jobs-run.ts";
import { schedulesFire } from "./queue/schedules-fire.ts";
import { verifySignature } from "./queue/verify-signature.ts";
import { webhooksDeliver } from "./queue/webhooks-deliver.ts";
import type { AppEnv } from "./app-env.ts";
import { deliveries } from "./routes/deliveries.ts";
import { errorResponse } from "./error-response.ts";
import { eventTypes } from "./routes/event-types.ts";
import { events } from "./routes/events.ts";
import { eventsStream } from "./routes/events-stream.ts";
import { health } from "./routes/health.ts";
import { jwks } from "./routes/jwks.ts";
import { keys } from "./routes/keys.ts";
import { authenticate } from "./middleware/authenticate.ts";
import { readJson } from "./middleware/json-body.ts";
import { knownRoute } from "./middleware/known-route.ts";
import { requireNamespace } from "./middleware/require-namespace.ts";
import { namespaces } from "./routes/namespaces.ts";
import { type AppDescription, openApiDocument } from "./openapi.ts";
import { createRouter } from "./router.ts";
import { tasks } from "./routes/tasks.ts";
import { schedules } from "./routes/schedules.ts";
import { submissions } from "./routes/submissions.ts";
import { taskReports } from "./routes/task-reports.ts";
import { taskTypes } from "./routes/task-types.ts";
import { tasksBulk } from "./routes/tasks-bulk.ts";
import { webhooks } from "./routes/webhooks.ts";
import { webhookRepair } from "./routes/webhook-repair.ts";
import type { ServiceContext, SubmissionTarget } from "../engine/context.ts";
import { submissionSchemas } from "./submission-schemas.ts";
import { INTERNAL_PATHS } from "../ports/queue.ts";

/** The part of the platform's execution context that a request needs. */
export type Lifetime = { waitUntil(work: Promise<unknown>): void };

type ServicesFor = (env: object, lifetime: Lifetime, requestId: string) => ServiceContext;

/** What apps add to the HTTP surface. */
export type AppSurface = AppDescription & {
  readonly targets: readonly SubmissionTarget[];
  /** Mounted at `/v1`, for the caller's namespace. */
  readonly routes: readonly OpenAPIHono<AppEnv>[];
  /** Mounted at `/v1` too, but in no namespace that a header names. */
  readonly routesOutside: readonly OpenAPIHono<AppEnv>[];
};

/** The whole HTTP surface; `servicesFor` creates one request's services. */
export function createApp(servicesFor: ServicesFor, ofApps: AppSurface): OpenAPIHono<AppEnv> {
  const schemas = submissionSchemas(ofApps.targets);
  const app = createRouter();
  app.onError((error, c) => errorResponse(error, c));
  app.use(async (c, next) => {
    const requestId = crypto.randomUUID();
    c.set("requestId", requestId);
    c.set("services", servicesFor(c.env, c.executionCtx, requestId));
    await next();
    c.res.headers.set("X-Request-Id", requestId);
  });
  app.use(knownRoute(app));
  app.route("/", health);
  app.route("/", jwks);
  let description: object | null = null;
  app.get("/openapi.json", (c) => c.json((description ??= openApiDocument(app, schemas, ofApps))));
  app.use("/internal/*", verifySignature);
  app.post(INTERNAL_PATHS.job, jobsRun);
  app.post(INTERNAL_PATHS.dispatch, eventsDispatch);
  app.post(INTERNAL_PATHS.delivery, webhooksDeliver);
  app.post(INTERNAL_PATHS.schedule, schedulesFire);

  // An executor's reports carry their task's token instead of a key.
  app.route("/v1", taskReports);
  app.use("/v1/*", authenticate, readJson);
  app.route("/v1", namespaces);
  for (const router of ofApps.routesOutside) app.route("/v1", router);
  app.route("/v1", keys);
  app.route("/v1", tasks);
  app.route("/v1", tasksBulk);
  const inNamespace = createRouter();
  inNamespace.use(requireNamespace);
  for (const router of [
    ...ofApps.routes,
    taskTypes,
    submissions(schemas),
    schedules(schemas),
    webhooks,
    deliveries,
    webhookRepair,
    eventsStream,
    events,
    eventTypes,
  ]) {
    inNamespace.route("/", router);
  }
  app.route("/v1", inNamespace);
  return app;
}
