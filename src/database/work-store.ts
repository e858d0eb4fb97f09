import { isTerminal, type TaskStatus, TaskStatusEnum } from "../contract/status.ts";
import type { WorkRecord, WorkStore } from "../ports/work-store.ts";
import type { Database } from "../ports/database.ts";
import { mirrorInto, mirrorManyInto } from "./mirror.ts";
import { createResourceStore } from "./resource-store.ts";

/** No task works for the resource: none was created yet, or it has ended. */
export const AT_REST: readonly TaskStatus[] = TaskStatusEnum.options.filter(
  (status) => status === "DRAFT" || isTerminal(status),
);

/**
 * The store of a kind of resource that tasks work for (clusters, taxonomies, migrations). Names
 * are unique by the index `{ namespace_id, name }`.
 */
export function createWorkStore<Row extends WorkRecord>(
  database: Database,
  collection: string,
): WorkStore<Row> {
  const resources = createResourceStore<Row>(database, collection);
  return {
    insert: (row) => resources.insert(row),
    find: (namespaceId, idOrName) => resources.find(namespaceId, idOrName),
    list: (namespaceId, filter, page) => resources.list(namespaceId, filter, page),
    mirror: (resourceId, task) => mirrorInto<Row>(database, collection, resourceId, task),
    get: (resourceId) => database.findOne<Row>(collection, { _id: resourceId }),
    mirrorMany: (mirrors) => mirrorManyInto(database, collection, mirrors),
    update: async (resourceId, taskId, fields) =>
      (await database.updateOne(
        collection,
        { _id: resourceId, task_id: taskId },
        { $set: { ...fields } },
      )) > 0,
    // The condition on the status decides the race with a submission: the second write finds the
    // resource in use, or gone.
    removeAtRest: async (namespaceId, resourceId) =>
      (await database.deleteMany(collection, {
        _id: resourceId,
        namespace_id: namespaceId,
        status: { $in: AT_REST },
      })) > 0,
  };
}
