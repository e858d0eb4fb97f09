import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { updateEndpoint } from "./update-endpoint.ts";

/**
 * Pauses an endpoint until its owner resumes it; new deliveries are held meanwhile. Throws
 * `not_found`.
 */
export function pauseEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<EndpointRecord> {
  return updateEndpoint({ ctx, input: { ...input, status: "SUSPENDED" } });
}

/** Resumes an endpoint, whoever suspended it, and resets its failure record. Throws `not_found`. */
export function resumeEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<EndpointRecord> {
  return updateEndpoint({ ctx, input: { ...input, status: "ACTIVE" } });
}
