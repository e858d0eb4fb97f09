import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { checkSizes, membersOf } from "../../demo/clusters.ts";
import { digestOf } from "../../demo/digest.ts";
import { DemoFailure } from "../../demo/failure.ts";
import { checkLabels, labelsOf } from "../../demo/labels.ts";
import { TOPICS } from "../../demo/topics.ts";
import { inYears, middleHalf } from "../../demo/years.ts";
import { CollectionDocument } from "../../src/contract/document.ts";
import { CreateTaxonomyRequest } from "../../src/contract/taxonomy.ts";
import { createNewId } from "../../src/ids.ts";

const NOW = "2026-11-24T01:02:03.456Z";
const newId = createNewId(() => new Date(NOW));
const clusterId = newId("cluster");
const taxonomyId = newId("taxonomy");

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

function document(fields: Partial<CollectionDocument> = {}): CollectionDocument {
  return CollectionDocument.parse({
    document_id: newId("document"),
    namespace_id: newId("namespace"),
    collection_id: newId("collection"),
    object_id: newId("object"),
    chunk_index: 0,
    text: "The receipts into the Treasury.",
    metadata: {},
    enrichments: {},
    created_at: NOW,
    updated_at: NOW,
    ...fields,
  });
}

const inGroup = (cluster_index: number) =>
  document({ enrichments: { clusters: { [clusterId]: { cluster_index, distance: 1 } } } });

const labelled = (node_id: string | null, score: number) =>
  document({ enrichments: { taxonomies: { [taxonomyId]: { node_id, path: [], score } } } });

describe("the demo's check of the groups", () => {
  const documents = [inGroup(0), inGroup(2), inGroup(2)];

  it("holds when the documents are as many as the sizes say", () => {
    const sizes = [
      { cluster_index: 0, size: 1 },
      { cluster_index: 2, size: 2 },
    ];
    expect(() => checkSizes(sizes, membersOf(documents, clusterId), 3)).not.toThrow();
  });

  it("fails on another size, and on a group that the cluster doesn't know", () => {
    const members = membersOf(documents, clusterId);
    const wrong = [
      { cluster_index: 0, size: 2 },
      { cluster_index: 2, size: 2 },
    ];
    expect(() => checkSizes(wrong, members, 3)).toThrow(DemoFailure);
    expect(() => checkSizes(wrong.slice(1), members, 3)).toThrow(DemoFailure);
  });

  it("fails on a document without a group", () => {
    expect(() => membersOf([document()], clusterId)).toThrow(/is in no group/);
  });
});

describe("the demo's check of the labels", () => {
  const labels = labelsOf(
    [labelled("debt", 0.4), labelled("coin", 0.2), labelled(null, 0.1)],
    taxonomyId,
  );
  const counts = { documents_labelled: 2, documents_below_threshold: 1 };

  it("holds when each label reaches the threshold and the task counted as many", () => {
    expect(() => checkLabels(labels, 0.2, counts)).not.toThrow();
  });

  it("fails on a label below the threshold, and on one that is missing", () => {
    expect(() => checkLabels(labels, 0.3, counts)).toThrow(/has the node coin with 0.2/);
    expect(() => checkLabels(labels, 0.05, counts)).toThrow(/has the node null with 0.1/);
  });

  it("fails on another count, and on a document that was passed over", () => {
    expect(() => checkLabels(labels.slice(1), 0.2, counts)).toThrow(/the task says 2/);
    expect(() => labelsOf([document()], taxonomyId)).toThrow(/was passed over/);
  });
});

describe("the demo's digest", () => {
  const one = document({ text: "one", metadata: { year: 1912, party: "R" }, embedding: [1, 0] });
  const two = document({ text: "two", embedding: [0, 1] });
  const copy = document({ text: "one", metadata: { party: "R", year: 1912 }, embedding: [1, 0] });

  it("is the same whatever the order and the ids", () => {
    expect(digestOf([two, copy])).toBe(digestOf([one, two]));
  });

  it.each([
    ["a text", { text: "One" }],
    ["metadata", { metadata: { year: 1913, party: "R" } }],
    ["a vector", { embedding: [1, 0.1] }],
    ["a label", { enrichments: { taxonomies: { [taxonomyId]: { label: "Debt" } } } }],
  ])("is another when %s is", (_, change) => {
    expect(digestOf([{ ...one, ...change }])).not.toBe(digestOf([one]));
  });
});

describe("the years of the middle half", () => {
  it("leave out the oldest and the newest quarter", () => {
    const dated = [2020, 1790, 1900, 1850, 1950].map((year) => document({ metadata: { year } }));
    expect(inYears(middleHalf(dated))).toBe("1850-1950");
  });
});

it("the demo's topics are a tree that the API takes", () => {
  const request = { name: "topics", nodes: TOPICS, threshold: 0.2 };
  expect(CreateTaxonomyRequest.safeParse(request).error).toBeUndefined();
});
