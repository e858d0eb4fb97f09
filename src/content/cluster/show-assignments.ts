import { z } from "zod";
import type { NamespaceContext } from "../../engine/context.ts";
import { createClusterStore } from "./create-cluster-store.ts";

/** Assignments as documents keep them: by cluster, then by run. */
const Kept = z.record(z.string(), z.record(z.string(), z.unknown()));

type Enriched = { readonly enrichments: Record<string, unknown> };

/**
 * The same documents with the assignments that are to be seen: of each cluster that exists, that of
 * its last COMPLETED run, at `enrichments.clusters.<cluster id>`. So a run's assignments appear all
 * at once, by the write that ends its task, and a deleted cluster's are gone at once. One read, and
 * none for documents that no cluster has looked at.
 */
export async function showAssignments<Row extends Enriched>({
  ctx,
  documents,
}: {
  ctx: NamespaceContext;
  documents: readonly Row[];
}): Promise<readonly Row[]> {
  const keptOf = (row: Row) => Kept.catch({}).parse(row.enrichments["clusters"] ?? {});
  const ids = new Set(documents.flatMap((row) => Object.keys(keptOf(row))));
  const shown =
    ids.size === 0
      ? new Map<string, string>()
      : await createClusterStore(ctx.database).shownRuns(ctx.namespace._id, [...ids]);
  return documents.map((row) => {
    if (row.enrichments["clusters"] === undefined) return row;
    const { clusters: _, ...others } = row.enrichments;
    const assignments = Object.entries(keptOf(row)).flatMap(([clusterId, runs]) => {
      const assignment = runs[shown.get(clusterId) ?? ""];
      return assignment === undefined ? [] : [[clusterId, assignment] as const];
    });
    const clusters = assignments.length > 0 && { clusters: Object.fromEntries(assignments) };
    return { ...row, enrichments: { ...others, ...clusters } };
  });
}
