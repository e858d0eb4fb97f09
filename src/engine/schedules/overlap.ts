import type { RecurringTarget } from "../../contract/submission-target.ts";
import type { ScheduleRecord } from "../../ports/schedule-store.ts";
import { DomainError } from "../errors.ts";
import type { WhenBusy } from "../tasks/submit-for-resource.ts";

/** An overlap policy is a singleton key of the schedule's own; a task can hold one key. Throws `invalid_request`. */
export function requireOwnOverlap(
  submission: RecurringTarget,
  overlap: ScheduleRecord["overlap"],
): void {
  if (!("singleton" in submission) || submission.singleton === undefined) return;
  if (overlap === "allow") return;
  const message = 'a submission with a singleton key of its own needs overlap "allow"';
  throw new DomainError("invalid_request", `overlap: ${message}`, [{ path: "overlap", message }]);
}

/**
 * What is submitted when it is time. A cluster and a taxonomy are singletons of their own: for them
 * `allow` is the same as `skip`, so that each firing makes a task of its own, and one that is
 * announced again after a long run makes no second one (P7).
 */
export function firedSubmission(
  { _id, overlap }: Pick<ScheduleRecord, "_id" | "overlap">,
  submission: RecurringTarget,
): { readonly target: RecurringTarget; readonly whenBusy: WhenBusy } {
  const whenBusy = overlap === "queue" ? "queue" : "skip";
  switch (submission.kind) {
    case "cluster":
    case "taxonomy":
      return { target: submission, whenBusy };
    case "task":
    case "batch":
    case "bucket": {
      const singleton = { key: _id, when_busy: whenBusy } as const;
      const target = overlap === "allow" ? submission : { ...submission, singleton };
      return { target, whenBusy };
    }
  }
}
