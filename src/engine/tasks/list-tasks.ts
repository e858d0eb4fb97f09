import type { TaskListRequest, BulkRequest } from "../../contract/task.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { TaskRecord, TaskFilter } from "../../ports/task-store.ts";
import type { CallerContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { resolveNamespace } from "../tenants/resolve-namespace.ts";
import { asList, pageOptions, createdRange } from "../paging.ts";

/**
 * One page of tasks: of the header's namespace, or of those that the body names. Takes one read.
 * Throws `namespace_required` when neither names one, `not_found` for a namespace that the caller
 * can't see, and `invalid_cursor`.
 */
export async function listTasks({
  ctx,
  input,
}: {
  ctx: CallerContext;
  input: TaskListRequest & { readonly headerNamespace: string | undefined };
}): Promise<Page<TaskRecord>> {
  const names = asList(input.namespace) ?? asList(input.headerNamespace);
  if (names === undefined) {
    throw new DomainError(
      "namespace_required",
      'Say which namespace: by the X-Namespace header or by "namespace" in the body.',
    );
  }
  const namespaces = await Promise.all(
    names.map((idOrName) => resolveNamespace({ ctx, input: { idOrName } })),
  );
  return ctx.stores.tasks.list(
    {
      namespaceIds: namespaces.map((namespace) => namespace._id),
      ...taskFilter(input),
    },
    pageOptions(input),
  );
}

/** The store's filter for a request's filters, without the namespace. */
export function taskFilter(
  request: TaskListRequest | BulkRequest,
): Omit<TaskFilter, "namespaceIds"> {
  return {
    taskTypes: asList(request.task_type),
    statuses: asList(request.status),
    tags: asList(request.tags),
    parentTaskIds: asList(request.parent_task_id),
    resourceIds: asList(request.resource_id),
    metadata: request.metadata,
    ...createdRange(request.created_at),
  };
}
