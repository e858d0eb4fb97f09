import { z } from "zod";
import { EventTypeName } from "../../contract/event.ts";
import { MAX_ATTEMPTS } from "../../contract/submission.ts";
import { Backoff, Concurrency } from "../../contract/task-type.ts";
import type { Job } from "./job.ts";
import type { ResourceKind } from "./resource-kind.ts";

/** Every job of a deployment, by type. */
export type Jobs = ReadonlyMap<string, Job>;

/** Every kind of resource that jobs work for, by the prefix of its ids. */
export type Resources = ReadonlyMap<string, ResourceKind<unknown>>;

/** Every type of event that jobs declare, with the schema of its `data`. */
export type EmittedTypes = ReadonlyMap<string, z.ZodType<Record<string, unknown>>>;

/** What every job's definition must contain. */
const Definition = z.object({
  type: z
    .string()
    .regex(/^[a-z][a-z0-9_.-]{2,99}$/, {
      error: "expected 3 to 100 of a-z, 0-9, '_', '.', '-', starting with a letter",
    })
    .refine((type) => type !== "list", { error: "list is a route" }),
  version: z.int().min(1),
  attempts: z.int().min(1).max(MAX_ATTEMPTS),
  backoff: Backoff.nullable(),
  concurrency: Concurrency.nullable(),
  emits: z.record(EventTypeName, z.unknown()),
});

/** The jobs by type. Throws, with the type and the reason, when one is not well defined or defined twice. */
export function registerJobs(jobs: readonly Job[]): Jobs {
  const byType = new Map<string, Job>();
  for (const job of jobs) {
    const { success, error } = Definition.safeParse(job);
    if (!success) {
      const wrong = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
      throw new Error(`The job "${job.type}" is not well defined. ${wrong.join("; ")}`);
    }
    if (byType.has(job.type)) throw new Error(`Two jobs have the type "${job.type}".`);
    byType.set(job.type, job);
  }
  return byType;
}

/** The kinds of resource that these jobs work for. Throws when two kinds have the same prefix. */
export function resourcesOf(jobs: Jobs): Resources {
  const byPrefix = new Map<string, ResourceKind<unknown>>();
  for (const { type, resource } of jobs.values()) {
    if (resource === null) continue;
    const { prefix } = resource;
    if (!/^[a-z]+$/.test(prefix)) {
      throw new Error(`The job "${type}": expected a prefix of a-z for its resource's ids.`);
    }
    if ((byPrefix.get(prefix) ?? resource) !== resource) {
      throw new Error(`Two kinds of resource have the prefix "${prefix}".`);
    }
    byPrefix.set(prefix, resource);
  }
  return byPrefix;
}

/** The types of event that these jobs declare. Throws when two declare one type differently. */
export function emittedTypesOf(jobs: Jobs): EmittedTypes {
  const byType = new Map<string, z.ZodType<Record<string, unknown>>>();
  for (const { emits } of jobs.values()) {
    for (const [type, schema] of Object.entries(emits)) {
      if ((byType.get(type) ?? schema) !== schema) {
        throw new Error(
          `Two jobs declare the event "${type}" with schemas of their own; share one.`,
        );
      }
      byType.set(type, schema);
    }
  }
  return byType;
}
