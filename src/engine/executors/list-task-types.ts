import type { TaskTypeListRequest } from "../../contract/task-type.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { TaskTypeRecord } from "../../ports/task-type-store.ts";
import type { NamespaceContext } from "../context.ts";
import { asList, createdRange, pageOptions } from "../paging.ts";

/** One page of the namespace's registered types. Throws `invalid_cursor`. */
export async function listTaskTypes({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: TaskTypeListRequest;
}): Promise<Page<TaskTypeRecord>> {
  const filter = { names: asList(input.type), ...createdRange(input.created_at) };
  return ctx.stores.taskTypes.list(ctx.namespace._id, filter, pageOptions(input));
}
