import type {
  Delivery,
  DeliveryRow,
  DeliveryStatus,
  DeliverySummary,
} from "../../../contract/delivery.ts";
import type {
  AttemptRecord,
  DeliveryRecord,
  DeliveryRowRecord,
  DeliveryState,
  DeliverySummaryRecord,
} from "../../../ports/delivery-store.ts";
import { subscriberOf } from "./subscriber-target.ts";

/** The state of a delivery in the words of the shared status enum. */
const STATUS_OF_STATE: Record<DeliveryState, DeliveryStatus> = {
  PENDING: "PENDING",
  DELIVERED: "COMPLETED",
  DEAD: "FAILED",
  SKIPPED: "SKIPPED",
};

/** The wire status of a state. */
export function statusOf(state: DeliveryState): DeliveryStatus {
  return STATUS_OF_STATE[state];
}

/** The state that a wire status asks for. */
export function stateOf(status: DeliveryStatus): DeliveryState {
  switch (status) {
    case "PENDING":
      return "PENDING";
    case "COMPLETED":
      return "DELIVERED";
    case "FAILED":
      return "DEAD";
    case "SKIPPED":
      return "SKIPPED";
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
    test: delivery.is_test,
    status: statusOf(delivery.state),
    hold: delivery.hold,
    error_message: delivery.error_message,
    attempt_count: delivery.attempt_count,
    next_attempt_at:
      delivery.hold === null ? (delivery.next_attempt_at?.toISOString() ?? null) : null,
    created_at: delivery.created_at.toISOString(),
    updated_at: delivery.updated_at.toISOString(),
  };
}

/** A delivery as a list shows it, with its attempts when they were read. */
export function presentDeliveryRow(delivery: DeliveryRowRecord): DeliveryRow {
  const { attempts } = delivery;
  const summary = presentDeliverySummary(delivery);
  return attempts === undefined ? summary : { ...summary, attempts: presentAttempts(attempts) };
}

/** A delivery with each of its attempts. */
export function presentDelivery(delivery: DeliveryRecord): Delivery {
  return {
    ...presentDeliverySummary(delivery),
    attempts: presentAttempts(delivery.attempts),
  };
}

function presentAttempts(attempts: readonly AttemptRecord[]): Delivery["attempts"] {
  return attempts.map((attempt) => ({
    attempt: attempt.attempt,
    at: attempt.at.toISOString(),
    latency_ms: attempt.latency_ms,
    response_status: attempt.response_status,
    response_headers: attempt.response_headers,
    response_body: attempt.response_body,
    error: attempt.error,
  }));
}
