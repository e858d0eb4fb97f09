import type { OpenAPIHono } from "@hono/zod-openapi";
import type { EventHandler, NamespaceContents, SubmissionTarget } from "./engine/context.ts";
import type { Job } from "./engine/jobs/job.ts";
import type { AppEnv } from "./http/app-env.ts";
import type { Components } from "./http/components.ts";
import type { Index } from "./ports/database.ts";

/**
 * What a deployment can be given: jobs, and whatever they need around them. All of it is optional.
 * An app of several rooms is made of one such part for each, by {@link combineApps}.
 */
export type App<Env = unknown> = {
  readonly jobs?: readonly Job<Env>[];
  /** What `POST /v1/submissions` and schedules may submit besides tasks. */
  readonly targets?: readonly SubmissionTarget[];
  /** What acts on dispatched events before anybody else hears of them. */
  readonly handlers?: readonly EventHandler[];
  readonly contents?: readonly NamespaceContents[];
  /** The indexes of the collections that it stores in. */
  readonly indexes?: readonly Index[];
  /** Routers under `/v1` that work in the caller's namespace (`X-Namespace`). */
  readonly routes?: readonly OpenAPIHono<AppEnv>[];
  /** Routers under `/v1` that name their namespace otherwise, or work in none. */
  readonly routesOutside?: readonly OpenAPIHono<AppEnv>[];
  /** Its schemas that the API's description names. */
  readonly components?: Components;
  /** Its tags in the API's description, each with what it is about. */
  readonly tags?: readonly (readonly [string, string])[];
};

/** One app of several; what each has keeps its order. */
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
