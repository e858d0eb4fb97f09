import { z } from "zod";
import type { CollectionDocument } from "../src/contract/document.ts";
import { claim } from "./failure.ts";

const Label = z.object({
  node_id: z.string().nullable(),
  /** The labels from the root; empty without a node. */
  path: z.array(z.string()),
  score: z.number(),
});

/** A document with what a taxonomy says of it. */
export type Labelled = z.infer<typeof Label> & { readonly document: CollectionDocument };

const Labels = z.record(z.string(), Label);

/** What a taxonomy says of each of these documents; every one of them has to have its word. */
export function labelsOf(
  documents: readonly CollectionDocument[],
  taxonomyId: string,
): readonly Labelled[] {
  return documents.map((document) => {
    const label = Labels.parse(document.enrichments["taxonomies"] ?? {})[taxonomyId];
    claim(label !== undefined, `document ${document.document_id} was passed over`);
    return { ...label, document };
  });
}

/** Checks that a label is there exactly where the score reaches the threshold, and how many there are. */
export function checkLabels(
  labels: readonly Labelled[],
  threshold: number,
  { documents_labelled, documents_below_threshold }: LabelCounts,
): void {
  const wrong = labels.find(({ node_id, score }) => (node_id !== null) !== score >= threshold);
  claim(
    wrong === undefined,
    `document ${wrong?.document.document_id} has the node ${wrong?.node_id} with ${wrong?.score}`,
  );
  const labelled = labels.filter(({ node_id }) => node_id !== null).length;
  claim(
    labelled === documents_labelled && labels.length - labelled === documents_below_threshold,
    `${labelled} of ${labels.length} documents are labelled, the task says ${documents_labelled}`,
  );
}

/** What a materialisation says of itself in its task's `outputs`. */
export const LabelCounts = z.object({
  documents_labelled: z.int(),
  documents_below_threshold: z.int(),
});

export type LabelCounts = z.infer<typeof LabelCounts>;
