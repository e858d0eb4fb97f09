import { z } from "zod";
import { CreateScheduleRequest, Schedule, UpdateScheduleRequest } from "../contract/schedule.ts";
import { MAX_SUBMISSIONS, SubmissionsRequest } from "../contract/submission-target.ts";
import type { SubmissionTarget, Submitted } from "../engine/context.ts";

/** The wire schemas that depend on which kinds of submission a deployment has. */
export type SubmissionSchemas = ReturnType<typeof submissionSchemas>;

/** The schemas of submissions and schedules over these kinds. */
export function submissionSchemas(targets: readonly SubmissionTarget[]) {
  const Target = unionOf(targets);
  const Recurring = unionOf(
    targets.filter(({ onceOnly }) => onceOnly === null),
    (kind) => targets.find((target) => target.kind === kind)?.onceOnly ?? undefined,
  );
  const { element } = SubmissionsRequest.shape.submissions;
  return {
    SubmissionTarget: Target,
    RecurringTarget: Recurring,
    SubmissionsRequest: SubmissionsRequest.extend({
      submissions: z
        .array(element.extend({ submission: Target }))
        .min(1)
        .max(MAX_SUBMISSIONS),
    }),
    CreateScheduleRequest: CreateScheduleRequest.extend({ submission: Recurring }),
    UpdateScheduleRequest: UpdateScheduleRequest.extend({ submission: Recurring.optional() }),
    Schedule: Schedule.extend({ submission: Recurring }),
    example: targets.findLast(({ example }) => example !== null)?.example ?? { kind: "task" },
  };
}

/** A choice by `kind`; `refusalOf` says why an unknown kind is refused. */
function unionOf(
  targets: readonly SubmissionTarget[],
  refusalOf: (kind: string) => string | undefined = () => undefined,
): z.ZodType<Submitted, Submitted> {
  const [first, ...others] = targets.map(({ schema }) => schema);
  if (first === undefined) throw new Error("There is no kind of submission.");
  const union = z.discriminatedUnion("kind", [first, ...others], {
    error: ({ input }) => refusalOf(kindOf(input)),
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each of them is an object with a kind
  return union as unknown as z.ZodType<Submitted, Submitted>;
}

function kindOf(input: unknown): string {
  if (typeof input !== "object" || input === null || !("kind" in input)) return "";
  return String(input.kind);
}
