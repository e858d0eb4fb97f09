import { UNFINISHED_STATUSES } from "../../contract/status.ts";
import type { NamespaceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { getTaskType } from "./read-task-types.ts";

/**
 * Deletes a type. Throws `not_found`, and `resource_in_use` while a task of it has not ended. A
 * task created at the same moment ends FAILED, since its executor is no longer known.
 */
export async function deleteTaskType({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly type: string };
}): Promise<void> {
  const { name } = await getTaskType({ ctx, input });
  const alive = await ctx.stores.tasks.list(
    {
      namespaceIds: [ctx.namespace._id],
      taskTypes: [name],
      statuses: UNFINISHED_STATUSES,
    },
    { direction: "ascending", limit: 1, after: null },
  );
  const first = alive.rows[0];
  if (first !== undefined) {
    throw new DomainError(
      "resource_in_use",
      `The task "${first._id}" is of this type and has not ended. Wait for it, or kill it.`,
    );
  }
  await ctx.stores.taskTypes.remove(ctx.namespace._id, name);
}
