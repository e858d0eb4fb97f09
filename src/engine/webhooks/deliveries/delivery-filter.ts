import type { DeliveryListRequest } from "../../../contract/delivery.ts";
import type { DeliveryFilter } from "../../../ports/delivery-store.ts";
import { asList, createdRange } from "../../paging.ts";
import { stateOf } from "./present-delivery.ts";

/** The store's filter for a request's filters. */
export function deliveryFilter(
  request: Omit<DeliveryListRequest, "include_attempts">,
): DeliveryFilter {
  return {
    webhookIds: asList(request.webhook_id),
    eventIds: asList(request.event_id),
    eventTypes: asList(request.event_type),
    taskIds: asList(request.task_id),
    states: asList(request.status)?.map((status) => stateOf(status)),
    responseCodes: asList(request.response_code),
    ...createdRange(request.created_at),
  };
}
