import type { TaskListRequest } from "../../contract/task.ts";
import type { Page } from "../../ports/resource-store.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import type { CallerContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { resolveNamespace } from "../tenants/resolve-namespace.ts";
import { asList, pageOptions } from "../paging.ts";
import { taskFilter } from "./task-filter.ts";

/**
 * One page of tasks: of the header's namespace, or of those that the body names. One read. Throws
 * `namespace_required` when neither says which, `not_found` for a namespace that the caller can't
 * see, and `invalid_cursor`.
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
