import { cosineSimilarity } from "../../embedding/similarity.ts";
import type { Embedder } from "../../embedding/embedder.ts";
import type { TaxonomyLabel, TaxonomyNodeRecord, TaxonomyRecord } from "../taxonomy-store.ts";

/** A node with the vector of what it stands for and the labels from its root to it. */
export type EmbeddedNode = {
  readonly node: TaxonomyNodeRecord;
  readonly path: readonly string[];
  readonly vector: Float32Array;
};

/** The nodes as vectors of one embedder. */
export async function embedNodes(
  { nodes }: Pick<TaxonomyRecord, "nodes">,
  embedder: Embedder,
): Promise<readonly EmbeddedNode[]> {
  const byId = new Map(nodes.map((node) => [node.node_id, node]));
  const vectors = await embedder.embed(nodes.map((node) => textOf(node)));
  return nodes.map((node, index) => {
    const vector = vectors[index];
    if (vector === undefined) throw new Error("the embedder left out a node");
    return { node, path: pathTo(node, byId), vector };
  });
}

/**
 * The label of a document: the node whose vector is nearest by cosine, the first of them in the
 * taxonomy's order when several are as near, or none when the nearest is below the threshold.
 */
export function nearestNode(
  embedding: Float32Array,
  nodes: readonly EmbeddedNode[],
  threshold: number,
): TaxonomyLabel {
  let best: EmbeddedNode | null = null;
  let score = -1;
  for (const candidate of nodes) {
    const similarity = cosineSimilarity(embedding, candidate.vector);
    if (similarity > score) [best, score] = [candidate, similarity];
  }
  if (best === null || score < threshold) return { node_id: null, label: null, path: [], score };
  return { node_id: best.node.node_id, label: best.node.label, path: best.path, score };
}

function textOf({ label, description, examples }: TaxonomyNodeRecord): string {
  return [label, description ?? "", ...examples].filter((part) => part !== "").join(". ");
}

function pathTo(
  node: TaxonomyNodeRecord,
  byId: ReadonlyMap<string, TaxonomyNodeRecord>,
): readonly string[] {
  const path: string[] = [];
  for (
    let at: TaxonomyNodeRecord | undefined = node;
    at !== undefined;
    at = at.parent_id === null ? undefined : byId.get(at.parent_id)
  ) {
    path.unshift(at.label);
  }
  return path;
}
