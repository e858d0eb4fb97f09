import type { NamespaceContext } from "../context.ts";
import { changeSchedule } from "./change-schedule.ts";

/**
 * Deletes a schedule: it is ARCHIVED first, so it never fires again, and removed once the queue has
 * been updated. Tasks that it created continue. Its name is free once it is removed. Throws
 * `not_found`.
 */
export async function deleteSchedule({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly schedule: string };
}): Promise<void> {
  await changeSchedule({ ctx, input: { ...input, fieldsOf: () => ({ status: "ARCHIVED" }) } });
}
