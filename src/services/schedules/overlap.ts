import type { SubmissionTarget } from "../../contract/submission-target.ts";
import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import { DomainError } from "../errors.ts";

/** An overlap policy is a singleton key of the schedule's own; a task can hold one key. Throws `invalid_request`. */
export function requireOwnOverlap(
  submission: SubmissionTarget,
  overlap: ScheduleRecord["overlap"],
): void {
  if (submission.singleton === undefined || overlap === "allow") return;
  const message = 'a submission with a singleton key of its own needs overlap "allow"';
  throw new DomainError("invalid_request", `overlap: ${message}`, [{ path: "overlap", message }]);
}

/** What is submitted when it is time. */
export function firedSubmission(
  schedule: ScheduleRecord,
  submission: SubmissionTarget,
): SubmissionTarget {
  return schedule.overlap === "allow"
    ? submission
    : { ...submission, singleton: { key: schedule._id, when_busy: schedule.overlap } };
}
