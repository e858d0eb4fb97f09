import type { PutTaskTypeRequest } from "../../contract/task-type.ts";
import type { TaskTypeRecord } from "../../ports/task-type-store.ts";
import { seal } from "../../crypto/seal.ts";
import { newSecret } from "../webhooks/sign.ts";
import { DomainError } from "../errors.ts";
import type { NamespaceContext } from "../context.ts";
import { requireUsableSchema } from "../json-schema.ts";
import { checkedUrl } from "../webhooks/endpoints/checked-url.ts";

/** The current type, and its secret if this call created it. */
export type PutTaskType = { readonly record: TaskTypeRecord; readonly secret: string | null };

/**
 * Creates a type, or replaces its settings but not its secret. Existing tasks keep the time-out and
 * back-off that they were created with. Throws `invalid_request` for a URL that may not be sent to,
 * an unusable schema, and the name of a job.
 */
export async function putTaskType({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: { readonly type: string; readonly request: PutTaskTypeRequest };
}): Promise<PutTaskType> {
  const { request } = input;
  if (ctx.jobs.has(input.type)) {
    const message = "a job of this deployment has that name";
    throw new DomainError("invalid_request", `type: ${message}`, [{ path: "type", message }]);
  }
  const url = await checkedUrl({ ctx, url: request.executor_url, path: "executor_url" });
  if (request.input_schema !== undefined) {
    requireUsableSchema(request.input_schema, "input_schema");
  }
  const now = ctx.runtime.now();
  const id = ctx.runtime.newId("taskType");
  const secret = newSecret();
  const record: TaskTypeRecord = {
    _id: id,
    namespace_id: ctx.namespace._id,
    name: input.type,
    status: "ACTIVE",
    metadata: {},
    executor_url: url,
    description: request.description ?? null,
    input_schema: request.input_schema === undefined ? null : JSON.stringify(request.input_schema),
    heartbeat_timeout: request.heartbeat_timeout,
    max_attempts: request.max_attempts,
    backoff: request.backoff,
    queue_ttl: request.queue_ttl,
    concurrency: request.concurrency,
    killable: request.killable,
    sealed_secret: await seal(secret, ctx.config.sealingKeys, id),
    created_at: now,
    updated_at: now,
  };
  const outcome = await ctx.stores.taskTypes.put(record);
  return outcome.kind === "created" ? { record, secret } : { record: outcome.record, secret: null };
}
