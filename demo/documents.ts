import { pageOf, MAX_PAGE_SIZE } from "../src/contract/common.ts";
import { CollectionDocument } from "../src/contract/document.ts";
import type { Client } from "./client.ts";

const DocumentPage = pageOf(CollectionDocument);

/** All documents of a collection, page by page. */
export async function* listDocuments(
  client: Client,
  collectionId: string,
  { withVectors = false }: { withVectors?: boolean } = {},
): AsyncGenerator<readonly CollectionDocument[]> {
  let cursor: string | null = null;
  do {
    const page: { results: CollectionDocument[]; pagination: { next_cursor: string | null } } =
      await client.post(
        `/v1/collections/${collectionId}/documents/list`,
        {
          limit: MAX_PAGE_SIZE,
          return_vectors: withVectors,
          sort: "created_at",
          ...(cursor !== null && { cursor }),
        },
        DocumentPage,
      );
    yield page.results;
    cursor = page.pagination.next_cursor;
  } while (cursor !== null);
}

/** All documents of a collection at once. */
export async function allDocuments(
  client: Client,
  collectionId: string,
  options: { withVectors?: boolean } = {},
): Promise<CollectionDocument[]> {
  const documents: CollectionDocument[] = [];
  for await (const page of listDocuments(client, collectionId, options)) documents.push(...page);
  return documents;
}

/** How many documents a collection holds, counted one by one. */
export async function countDocuments(client: Client, collectionId: string): Promise<number> {
  const ids = new Set<string>();
  for await (const page of listDocuments(client, collectionId)) {
    for (const { document_id } of page) ids.add(document_id);
  }
  return ids.size;
}

/** Whose words a document holds, and of when. */
export function originOf({ metadata }: CollectionDocument): string {
  return `${String(metadata["president"])}, ${String(metadata["year"])}`;
}

export type Neighbour = { readonly document: CollectionDocument; readonly similarity: number };

/** The documents nearest to one of them by the cosine of their vectors, and the mean of all. */
export function nearest(
  documents: readonly CollectionDocument[],
  to: CollectionDocument,
  count: number,
): { readonly neighbours: readonly Neighbour[]; readonly mean: number } {
  const others = documents
    .filter(({ document_id }) => document_id !== to.document_id)
    .map((document) => ({
      document,
      similarity: cosine(to.embedding ?? [], document.embedding ?? []),
    }));
  const sum = others.reduce((total, { similarity }) => total + similarity, 0);
  const sorted = others.toSorted((a, b) => b.similarity - a.similarity);
  return { neighbours: sorted.slice(0, count), mean: sum / Math.max(1, others.length) };
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let dot = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (const [index, x] of a.entries()) {
    const y = b[index] ?? 0;
    dot += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  return lengthA === 0 || lengthB === 0 ? 0 : dot / Math.sqrt(lengthA * lengthB);
}
