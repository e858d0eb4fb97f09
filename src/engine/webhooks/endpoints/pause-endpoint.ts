import type { EndpointRecord } from "../../../ports/endpoint-store.ts";
import type { NamespaceContext } from "../../context.ts";
import { updateEndpoint } from "./update-endpoint.ts";

/** Takes an endpoint out of service until its owner resumes it; what comes meanwhile is held. Throws `not_found`. */
export function pauseEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<EndpointRecord> {
  return updateEndpoint({ ctx, input: { ...input, status: "SUSPENDED" } });
}

/** Puts an endpoint into service again, whoever suspended it, with a clean record. Throws `not_found`. */
export function resumeEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly webhookId: string };
}): Promise<EndpointRecord> {
  return updateEndpoint({ ctx, input: { ...input, status: "ACTIVE" } });
}
