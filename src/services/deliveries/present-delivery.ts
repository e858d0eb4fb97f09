import type { Delivery, DeliveryStatus, DeliverySummary } from "../../contract/delivery.ts";
import type {
  DeliveryRecord,
  DeliveryState,
  DeliverySummaryRecord,
} from "../../ports/delivery-store.ts";
import { subscriberOf } from "./subscriber.ts";

/** The state of a delivery in the words of the shared status enum. */
const STATUS_OF_STATE: Record<DeliveryState, DeliveryStatus> = {
  PENDING: "PENDING",
  DELIVERED: "COMPLETED",
  DEAD: "FAILED",
};

/** The states that a wire status asks for. */
export function stateOf(status: DeliveryStatus): DeliveryState {
  switch (status) {
    case "PENDING":
      return "PENDING";
    case "COMPLETED":
      return "DELIVERED";
    case "FAILED":
      return "DEAD";
  }
}

/** A delivery as lists and a task's history show it. */
export function presentDeliverySummary(delivery: DeliverySummaryRecord): DeliverySummary {
  const subscriber = subscriberOf(delivery.webhook_id);
  return {
    delivery_id: delivery._id,
    namespace_id: delivery.namespace_id,
    webhook_id: subscriber === null ? delivery.webhook_id : null,
    subscriber,
    event_id: delivery.event_id,
    event_type: delivery.event_type,
    task_id: delivery.task_id,
    status: STATUS_OF_STATE[delivery.state],
    error_message: delivery.error_message,
    attempt_count: delivery.attempt_count,
    next_attempt_at: delivery.next_attempt_at?.toISOString() ?? null,
    created_at: delivery.created_at.toISOString(),
    updated_at: delivery.updated_at.toISOString(),
  };
}

/** A delivery with each of its attempts. */
export function presentDelivery(delivery: DeliveryRecord): Delivery {
  return {
    ...presentDeliverySummary(delivery),
    attempts: delivery.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      at: attempt.at.toISOString(),
      latency_ms: attempt.latency_ms,
      response_status: attempt.response_status,
      response_body: attempt.response_body,
      error: attempt.error,
    })),
  };
}
