import type { MaterializeRequest } from "../../contract/taxonomy.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { namedCollection } from "../collections/named-collection.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import {
  type ResourceSubmission,
  submitForResource,
} from "../../engine/tasks/submit-for-resource.ts";
import { getTaxonomy } from "./get-taxonomy.ts";
import { materializeTaxonomy } from "./job/materialize-taxonomy.ts";

/**
 * Creates the task that labels a collection's documents. If one is already running, returns that
 * one, or does what `whenBusy` says. Throws `not_found`, `invalid_request` for an unknown
 * collection, and `resource_in_use` while the taxonomy is being applied to another collection.
 */
export async function startMaterialization({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: {
    readonly taxonomy: string;
    readonly request: MaterializeRequest;
  } & Omit<ResourceSubmission, "options">;
}): Promise<TaskRecord> {
  const { collection_id: idOrName, ...options } = input.request;
  const taxonomy = await getTaxonomy({ ctx, input });
  const collection = await namedCollection({ ctx, input: { idOrName } });
  const work = { taxonomy_id: taxonomy._id, collection_id: collection._id };
  const task = await submitForResource({
    ctx,
    task: {
      taskType: materializeTaxonomy.type,
      resourceId: taxonomy._id,
      jobInput: work,
      inputs: [taxonomy._id, collection._id],
      additionalData: work,
    },
    submission: { options, keyed: input.keyed, whenBusy: input.whenBusy },
  });
  if (task.job_input["collection_id"] !== collection._id) {
    throw new DomainError(
      "resource_in_use",
      `The task "${task._id}" puts the taxonomy on another collection. Wait until it has ended, or kill it.`,
    );
  }
  return task;
}
