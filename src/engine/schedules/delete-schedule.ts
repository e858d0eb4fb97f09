import type { NamespaceContext } from "../context.ts";
import { changeSchedule } from "./change-schedule.ts";

/**
 * Deletes a schedule: ARCHIVED first, from which it never fires again, and gone once the queue has
 * been told. Tasks that it made go on. Its name is free once it is gone. Throws `not_found`.
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
