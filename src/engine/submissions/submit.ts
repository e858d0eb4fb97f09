import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext, Submitted, WhenBusy } from "../context.ts";
import { DomainError } from "../errors.ts";
import type { Keyed } from "../keyed-request.ts";
import { submitOnce } from "../tasks/submit-once.ts";

/**
 * Submits what a target names, once per key, as `SubmissionTarget.submit` describes. Throws what
 * the verb of its kind throws, and `invalid_request` for a kind that this deployment doesn't have
 * (any more).
 */
export async function submit({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: {
    readonly target: Submitted;
    readonly keyed: Keyed | null;
    readonly whenBusy?: WhenBusy;
  };
}): Promise<TaskRecord> {
  const { kind } = input.target;
  const target = ctx.targets.get(kind);
  if (target === undefined) {
    const message = `nothing of the kind "${kind}" can be submitted here`;
    throw new DomainError("invalid_request", `kind: ${message}`, [{ path: "kind", message }]);
  }
  return submitOnce({
    ctx,
    keyed: input.keyed,
    insertDecides: target.insertDecides,
    make: () => target.submit({ ctx, ...input }),
  });
}
