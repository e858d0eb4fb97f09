import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import { DomainError } from "../errors.ts";
import type { ServiceContext, Submitted, WhenBusy } from "../context.ts";
import { submissionOf } from "./present-schedule.ts";

/** An overlap policy is a singleton key of the schedule's own; a task can hold one key. Throws `invalid_request`. */
export function requireOwnOverlap(submission: Submitted, overlap: ScheduleRecord["overlap"]): void {
  if (submission["singleton"] === undefined) return;
  if (overlap === "allow") return;
  const message = 'a submission with a singleton key of its own needs overlap "allow"';
  throw new DomainError("invalid_request", `overlap: ${message}`, [{ path: "overlap", message }]);
}

/**
 * The submission of a firing. Some kinds are their own singletons: for them `allow` is the same as
 * `skip`, so each firing creates its own task, and one announced again after a long run creates no
 * second one (P7).
 */
export function firedSubmission(
  { targets }: Pick<ServiceContext, "targets">,
  schedule: Pick<ScheduleRecord, "_id" | "overlap" | "submission">,
): { readonly target: Submitted; readonly whenBusy: WhenBusy } {
  const { _id, overlap } = schedule;
  const submission = submissionOf(schedule);
  const whenBusy = overlap === "queue" ? "queue" : "skip";
  const isOwnSingleton = targets.get(submission.kind)?.isOwnSingleton === true;
  if (isOwnSingleton || overlap === "allow") return { target: submission, whenBusy };
  return { target: { ...submission, singleton: { key: _id, when_busy: whenBusy } }, whenBusy };
}
