import { expect, test } from "vitest";
import type { DocumentRecord } from "../../documents/document-store.ts";
import { initialState, LISTED_FIELDS } from "./batch-state.ts";
import { withWritten } from "./written-fields.ts";

const state = initialState("e", { kind: "chosen", index: 0 }, 1, 256);

const documents = (...metadata: DocumentRecord["metadata"][]): DocumentRecord[] =>
  metadata.map((one, index) => ({
    _id: `doc_${index}`,
    namespace_id: "ns_1",
    collection_id: "col_1",
    object_id: `obj_${index}`,
    chunk_index: 0,
    text: "",
    metadata: one,
    enrichments: {},
    embedding: new Float32Array(8),
    task_id: "tsk_1",
    created_at: new Date(0),
    updated_at: new Date(0),
  }));

test("a batch tells of each metadata field with the types that it had, and how long the vectors are", () => {
  const first = withWritten(state, documents({ year: 1863, by: "A" }, { year: "1863" }));
  expect(first).toMatchObject({
    dimensions: 8,
    fields: [
      { name: "year", types: ["number", "string"] },
      { name: "by", types: ["string"] },
    ],
    more_fields: false,
  });
  expect(withWritten(first, documents({ is_new: true })).fields[2]).toEqual({
    name: "is_new",
    types: ["boolean"],
  });
});

test("a batch that wrote nothing tells of nothing", () => {
  expect(withWritten(state, [])).toEqual(state);
});

test("a batch tells of so many fields, and that there were more", () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`a${index}`, index]));
  const others = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`b${index}`, index]));
  const after = withWritten(state, documents(many, others, { a0: "a conflict all the same" }));
  expect(after.fields).toHaveLength(LISTED_FIELDS);
  expect(after.more_fields).toBe(true);
  expect(after.fields[0]?.types).toEqual(["number", "string"]);
});
