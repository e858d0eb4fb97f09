import type { z } from "zod";
import type { Keyed } from "../keyed-request.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext, SubmissionTarget, Submitted, WhenBusy } from "../context.ts";

type Definition<Schema extends z.ZodObject> = {
  readonly kind: string;
  readonly schema: Schema;
  readonly onceOnly?: string;
  readonly isOwnSingleton?: boolean;
  readonly insertDecides?: boolean;
  readonly example?: Submitted;
  readonly submit: (input: {
    readonly ctx: NamespaceContext;
    readonly target: z.infer<Schema>;
    readonly keyed: Keyed | null;
    readonly whenBusy?: WhenBusy;
  }) => Promise<TaskRecord>;
};

/**
 * Creates a kind of submission from its definition; {@link SubmissionTarget} explains each part.
 */
export function defineTarget<Schema extends z.ZodObject>(
  definition: Definition<Schema>,
): SubmissionTarget {
  const { kind, schema, onceOnly = null, example = null } = definition;
  const { isOwnSingleton = false, insertDecides = false } = definition;
  return {
    kind,
    schema,
    onceOnly,
    isOwnSingleton,
    insertDecides,
    example,
    submit: ({ target, ...rest }) => definition.submit({ ...rest, target: schema.parse(target) }),
  };
}

/** The kinds by name. Throws when two have the same. */
export function registerTargets(
  targets: readonly SubmissionTarget[],
): ReadonlyMap<string, SubmissionTarget> {
  const byKind = new Map(targets.map((target) => [target.kind, target]));
  if (byKind.size < targets.length) throw new Error("Two kinds of submission have the same name.");
  return byKind;
}
