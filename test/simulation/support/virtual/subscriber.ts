import { NonRetryableError } from "../../../../src/ports/errors.ts";
import { defineSubscriber, type Subscriber } from "../../../../src/engine/subscriber.ts";

/** A deployer's subscribers: one named `crm` that tells another service of completed tasks. */
export function tellingCrm(url: string): readonly Subscriber[] {
  const crm = defineSubscriber({
    name: "crm",
    eventTypes: ["task.completed"],
    handle: async (event, { idempotencyId, signal, runtime }) => {
      const response = await runtime.fetch(url, {
        method: "POST",
        headers: { "Idempotency-Key": idempotencyId },
        body: JSON.stringify({ type: event.type, about: event.task_id }),
        signal,
      });
      if (response.status === 404) throw new NonRetryableError("no_customer", "Who is that?");
      if (!response.ok) throw new Error(`the CRM answered ${response.status}`);
    },
  });
  return [crm];
}
