import type { TaskTypeRecord } from "../../ports/task-type-store.ts";
import type { NamespaceContext } from "../context.ts";
import { notFound } from "../errors.ts";

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
