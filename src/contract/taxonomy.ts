import { z } from "zod";
import { Metadata, Timestamp } from "./common.ts";
import { CollectionId, IdOrName, NamespaceId, ResourceName, TaxonomyId } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";
import { checkTimes, ResourceSubmissionFields } from "./submission.ts";

/** How many nodes a taxonomy may have. */
export const MAX_NODES = 1000;

/** The default similarity that a document's best node needs for the document to be labelled. */
export const DEFAULT_THRESHOLD = 0.1;

/** A node. Its label, description and examples, as one text, define what it stands for. */
export const TaxonomyNode = z.strictObject({
  node_id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, {
    error: "expected up to 100 letters, digits, '.', '_' and '-'",
  }),
  /** Null or absent: a root. */
  parent_id: z.string().max(100).nullable().optional(),
  label: z.string().min(1).max(200),
  description: z.string().max(2000).optional(),
  examples: z.array(z.string().min(1).max(500)).max(20).optional(),
});

export type TaxonomyNode = z.infer<typeof TaxonomyNode>;

/** `POST /v1/taxonomies`. */
export const CreateTaxonomyRequest = z
  .strictObject({
    name: ResourceName,
    nodes: z.array(TaxonomyNode).min(1).max(MAX_NODES),
    /** The minimum cosine similarity of a document to its node. */
    threshold: z.number().min(0).max(1).default(DEFAULT_THRESHOLD),
    metadata: Metadata.optional(),
  })
  .superRefine(({ nodes }, context) => checkTree(nodes, context));

export type CreateTaxonomyRequest = z.infer<typeof CreateTaxonomyRequest>;

/** Node ids are unique, every parent exists, and no node is its own ancestor. */
function checkTree(nodes: readonly TaxonomyNode[], context: z.RefinementCtx): void {
  const wrong = (index: number, field: string, message: string) =>
    context.addIssue({ code: "custom", path: ["nodes", index, field], message });
  const parents = new Map<string, string | null>();
  for (const [index, node] of nodes.entries()) {
    if (parents.has(node.node_id)) wrong(index, "node_id", `"${node.node_id}" stands here twice`);
    parents.set(node.node_id, node.parent_id ?? null);
  }
  for (const [index, { node_id, parent_id }] of nodes.entries()) {
    if (parent_id === undefined || parent_id === null) continue;
    if (!parents.has(parent_id)) wrong(index, "parent_id", `there is no node "${parent_id}"`);
    else if (isOwnAncestor(node_id, parents)) {
      wrong(index, "parent_id", `"${node_id}" is its own ancestor`);
    }
  }
}

function isOwnAncestor(nodeId: string, parents: ReadonlyMap<string, string | null>): boolean {
  const seen = new Set<string>();
  for (
    let at = parents.get(nodeId) ?? null;
    at !== null && !seen.has(at);
    at = parents.get(at) ?? null
  ) {
    if (at === nodeId) return true;
    seen.add(at);
  }
  return false;
}

/** `POST /v1/taxonomies/{taxonomy_id}/materialize`. */
export const MaterializeRequest = z
  .strictObject({ collection_id: IdOrName, ...ResourceSubmissionFields })
  .check(checkTimes);

export type MaterializeRequest = z.infer<typeof MaterializeRequest>;

/** A tree of labels for the documents of collections. */
export const Taxonomy = z.object({
  taxonomy_id: TaxonomyId,
  namespace_id: NamespaceId,
  name: z.string(),
  nodes: z.array(
    z.object({
      node_id: z.string(),
      parent_id: z.string().nullable(),
      label: z.string(),
      description: z.string().nullable(),
      examples: z.array(z.string()),
    }),
  ),
  threshold: z.number(),
  metadata: Metadata,
  /** DRAFT until it is materialised, then its newest task's status. */
  status: TaskStatusEnum,
  task_id: z.string().nullable(),
  /** The newest task's collection. */
  collection_id: CollectionId.nullable(),
  error_message: z.string().nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Taxonomy = z.infer<typeof Taxonomy>;
