import type { SubmissionsAnswer } from "../../contract/submission-target.ts";
import type { NamespaceContext, Submitted } from "../context.ts";
import { DomainError } from "../errors.ts";
import type { KeyedRequest } from "../keyed-request.ts";
import { presentTask } from "../tasks/present-task.ts";
import { submit } from "./submit.ts";

/** How many submissions run concurrently. */
const AT_ONCE = 10;

/** Submissions that the route has checked, of the kinds that this deployment has. */
export type ManySubmissions = {
  readonly submissions: readonly {
    readonly submission: Submitted;
    readonly keyed: KeyedRequest | null;
  }[];
};

type Row = SubmissionsAnswer["results"][number];

/**
 * Submits each item of a list. A refused one becomes a row with the reason and doesn't affect the
 * others. Throws `StoreUnavailableError` when a store fails half-way; when the request is sent
 * again, submissions with an idempotency key aren't created twice.
 */
export async function submitMany({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ManySubmissions;
}): Promise<SubmissionsAnswer> {
  const results: Row[] = [];
  for (let start = 0; start < input.submissions.length; start += AT_ONCE) {
    const some = input.submissions.slice(start, start + AT_ONCE);
    const rows = await Promise.all(
      some.map(async (submission, offset) => rowOf(ctx, submission, start + offset)),
    );
    results.push(...rows);
  }
  return { results };
}

async function rowOf(
  ctx: NamespaceContext,
  { submission: target, keyed }: ManySubmissions["submissions"][number],
  index: number,
): Promise<Row> {
  try {
    const task = await submit({ ctx, input: { target, keyed } });
    return { index, task: presentTask(task), error: null };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code, message: detail, fields } = error;
    return { index, task: null, error: { code, detail, errors: [...fields] } };
  }
}
