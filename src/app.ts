import type { OpenAPIHono } from "@hono/zod-openapi";
import type { EventHandler, NamespaceContents, SubmissionTarget } from "./engine/context.ts";
import type { Job } from "./engine/jobs/job.ts";
import type { AppEnv } from "./http/app-env.ts";
import type { Components } from "./http/components.ts";
import type { Index } from "./ports/database.ts";

/**
 * What a deployment can be given: jobs and what they need. Everything is optional.
 * {@link combineApps} builds an app from several parts.
 */
export type App<Env = unknown> = {
  readonly jobs?: readonly Job<Env>[];
  /** What `POST /v1/submissions` and schedules may submit besides tasks. */
  readonly targets?: readonly SubmissionTarget[];
  /** Handlers of dispatched events, which run before anyone else receives them. */
  readonly handlers?: readonly EventHandler[];
  readonly contents?: readonly NamespaceContents[];
  /** The indexes of the collections that it stores in. */
  readonly indexes?: readonly Index[];
  /** Routers under `/v1` that work in the caller's namespace (`X-Namespace`). */
  readonly routes?: readonly OpenAPIHono<AppEnv>[];
  /** Routers under `/v1` that name their namespace in another way, or work in none. */
  readonly routesOutside?: readonly OpenAPIHono<AppEnv>[];
  /** Its named schemas in the API's description. */
  readonly components?: Components;
  /** Its tags in the API's description, each with a description. */
  readonly tags?: readonly (readonly [string, string])[];
};

/** Combines several apps into one; the order is kept. */
export function combineApps<Env>(apps: readonly App<Env>[]): Required<App<Env>> {
  return {
    jobs: apps.flatMap(({ jobs = [] }) => jobs),
    targets: apps.flatMap(({ targets = [] }) => targets),
    handlers: apps.flatMap(({ handlers = [] }) => handlers),
    contents: apps.flatMap(({ contents = [] }) => contents),
    indexes: apps.flatMap(({ indexes = [] }) => indexes),
    routes: apps.flatMap(({ routes = [] }) => routes),
    routesOutside: apps.flatMap(({ routesOutside = [] }) => routesOutside),
    components: Object.assign({}, ...apps.map(({ components = {} }) => components)),
    tags: apps.flatMap(({ tags = [] }) => tags),
  };
}
