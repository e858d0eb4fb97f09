import { MAX_BULK_ROWS } from "../../contract/bulk.ts";
import type { BulkOutcome, BulkRequest } from "../../contract/task.ts";
import type { TaskStatus } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { encodeCursor, pageOptions } from "../paging.ts";
import { taskFilter } from "./list-tasks.ts";

/** How many tasks are worked on at once. */
const AT_ONCE = 10;

/** One verb over many tasks. */
export type BulkVerb = {
  /** The statuses that it applies to by default. */
  readonly statuses: readonly TaskStatus[];
  /** For a dry run: the error code of the refusal, or null when it would be done. */
  readonly refusal: (task: TaskRecord) => string | null;
  /**
   * Does it; returns the task's status afterwards, and the new task if there is one. Throws
   * `DomainError` when refused.
   */
  readonly perform: (
    task: TaskRecord,
  ) => Promise<{ readonly status: TaskStatus; readonly newTaskId: string | null }>;
};

/**
 * Applies a verb to one page of the tasks that match a filter, oldest first. A refusal becomes a
 * row and doesn't affect the other tasks. A call that dies half-way can simply be repeated: tasks
 * already done give the same result. Throws `invalid_cursor`.
 */
export async function applyToMany({
  ctx,
  request,
  verb,
}: {
  ctx: NamespaceContext;
  request: BulkRequest;
  verb: BulkVerb;
}): Promise<BulkOutcome> {
  const { dry_run: isDryRun = false, limit = MAX_BULK_ROWS, cursor } = request;
  const filter = taskFilter(request);
  const page = await ctx.stores.tasks.list(
    { ...filter, statuses: filter.statuses ?? verb.statuses, namespaceIds: [ctx.namespace._id] },
    pageOptions({ sort: "created_at", limit, cursor }),
  );
  const results: BulkOutcome["results"] = [];
  for (let start = 0; start < page.rows.length; start += AT_ONCE) {
    const some = page.rows.slice(start, start + AT_ONCE);
    results.push(
      ...(isDryRun
        ? some.map((task) => dryRow(task, verb))
        : await Promise.all(some.map(async (task) => row(task, verb)))),
    );
  }
  return { dry_run: isDryRun, results, pagination: { next_cursor: encodeCursor(page.next) } };
}

type Row = BulkOutcome["results"][number];

function dryRow(task: TaskRecord, verb: BulkVerb): Row {
  const code = verb.refusal(task);
  return {
    task_id: task._id,
    status: task.status,
    accepted: code === null,
    new_task_id: null,
    code,
  };
}

async function row(task: TaskRecord, verb: BulkVerb): Promise<Row> {
  try {
    const { status, newTaskId } = await verb.perform(task);
    return { task_id: task._id, status, accepted: true, new_task_id: newTaskId, code: null };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code } = error;
    return { task_id: task._id, status: task.status, accepted: false, new_task_id: null, code };
  }
}
