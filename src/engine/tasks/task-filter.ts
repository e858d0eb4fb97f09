import type { BulkRequest, TaskListRequest } from "../../contract/task.ts";
import type { TaskFilter } from "../../ports/task-store.ts";
import { asList, createdRange } from "../paging.ts";

/** The store's filter for a request's filters; of which namespace is not their matter. */
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
