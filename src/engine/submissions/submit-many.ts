import type { SubmissionsAnswer } from "../../contract/submission-target.ts";
import type { NamespaceContext, Submitted } from "../context.ts";
import { DomainError } from "../errors.ts";
import type { KeyedRequest } from "../keyed-request.ts";
import { presentTask } from "../tasks/present-task.ts";
import { submit } from "./submit.ts";

/** How many submissions are under way at once. */
const AT_ONCE = 10;

/** Submissions as the route has checked them, by the kinds that this deployment has. */
export type ManySubmissions = {
  readonly submissions: readonly {
    readonly submission: Submitted;
    readonly keyed: KeyedRequest | null;
  }[];
};

type Row = SubmissionsAnswer["results"][number];

/**
 * Submits each of a list; one that is refused is a row with the reason and keeps no other from
 * being accepted. Throws `StoreUnavailableError` when a store fails half-way: sent again, what has
 * an idempotency key is not made twice.
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
