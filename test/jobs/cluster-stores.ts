import type {
  Assignment,
  ClusteringStores,
  ClusterModelRecord,
  ClusterPart,
} from "../../src/content/cluster/cluster-store.ts";

export type StoredDocument = {
  readonly _id: string;
  readonly collection_id: string;
  readonly text: string;
  readonly embedding: Float32Array;
  /** Of this cluster, by run. */
  readonly marks: Record<string, Assignment>;
};

type Memory = {
  readonly documents: Map<string, StoredDocument>;
  readonly models: Map<string, ClusterModelRecord>;
  readonly parts: Map<string, readonly string[]>;
  readonly operations: string[];
};

const partId = (taskId: string, part: ClusterPart) => `${taskId}.${part.kind}.${part.number}`;

/** The ports of clustering in memory, with the same conditions as the real ones. */
export function memoryStores({ documents, models, parts, operations }: Memory): ClusteringStores {
  const inOrder = (collectionId: string, afterId: string | null) =>
    [...documents.values()]
      .filter((one) => one.collection_id === collectionId && one._id > (afterId ?? ""))
      .toSorted((a, b) => (a._id < b._id ? -1 : 1));
  const named = (ids: readonly string[]) => ids.flatMap((id) => documents.get(id) ?? []);
  const note = (operation: string) => {
    operations.push(operation);
    return Promise.resolve();
  };
  return {
    models: {
      create: async (model) => {
        await note("models.create");
        if (!models.has(model._id)) models.set(model._id, model);
      },
      read: async (taskId, wanted) => {
        await note("models.read");
        const model = models.get(taskId);
        if (model === undefined) return null;
        return { model, parts: wanted.map((part) => parts.get(partId(taskId, part)) ?? []) };
      },
      advance: async (taskId, step, changes) => {
        await note("models.advance");
        const model = models.get(taskId);
        if (model?.step === step) models.set(taskId, { ...model, ...changes, step: step + 1 });
      },
      writeParts: async (model, written) => {
        await note("models.writeParts");
        for (const part of written) parts.set(partId(model._id, part), part.ids);
      },
      removeRun: async (taskId, keep) => {
        await note("models.removeRun");
        if (keep === "nothing") models.delete(taskId);
        for (const id of parts.keys()) if (id.startsWith(taskId)) parts.delete(id);
      },
      doneRuns: async () => {
        await note("models.doneRuns");
        return [...models.values()].filter((one) => one.phase === "done").map((one) => one._id);
      },
      removeOlder: async (_clusterId, taskId, kept) => {
        await note("models.removeOlder");
        for (const id of models.keys()) if (id < taskId && !kept.includes(id)) models.delete(id);
      },
      removeAll: async () => note("models.removeAll"),
      results: async () => new Map(),
    },
    documents: {
      count: async (collectionIds) => {
        await note("documents.count");
        return [...documents.values()].filter((one) => collectionIds.includes(one.collection_id))
          .length;
      },
      ids: async (collectionId, afterId, limit) => {
        await note("documents.ids");
        return inOrder(collectionId, afterId)
          .slice(0, limit)
          .map((one) => one._id);
      },
      vectors: async (_collectionIds, ids) => {
        await note("documents.vectors");
        return named(ids);
      },
      texts: async (_collectionIds, ids) => {
        await note("documents.texts");
        return new Map(named(ids).map((one) => [one._id, one.text]));
      },
      page: async (collectionId, _clusterId, afterId, limit) => {
        await note("documents.page");
        const rows = inOrder(collectionId, afterId).slice(0, limit);
        return {
          rows: rows.map((one) => ({ ...one, runs: Object.keys(one.marks) })),
          isLast: rows.length < limit,
        };
      },
      assign: async (_clusterId, taskId, assignments) => {
        await note("documents.assign");
        for (const { documentId, assignment, outdatedRuns } of assignments) {
          const marks: Record<string, Assignment> | undefined = documents.get(documentId)?.marks;
          if (marks === undefined) continue;
          marks[taskId] = assignment;
          for (const run of outdatedRuns) delete marks[run];
        }
      },
    },
  };
}
