import type { TaskTypeListRequest } from "../../contract/task-type.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { TaskTypeRecord } from "../../ports/task-type-store.ts";
import type { NamespaceContext } from "../context.ts";
import { asList, createdRange, pageOptions } from "../paging.ts";
import { notFound } from "../errors.ts";

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

/** A registered type. Throws `not_found`. */
export async function getTaskType({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly type: string };
}): Promise<TaskTypeRecord> {
  const record = await ctx.stores.taskTypes.find(ctx.namespace._id, input.type);
  if (record === null) throw notFound("task type", input.type);
  return record;
}
