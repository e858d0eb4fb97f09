import { describe, expect, it } from "vitest";
import { BatchOptions, CreateBatchRequest, DEFAULT_BATCH_OPTIONS } from "./batch.ts";

const id = `obj_${"0".repeat(32)}`;

function paths(input: unknown) {
  const parsed = CreateBatchRequest.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join("."));
}

describe("a batch's request", () => {
  it.each([{ object_ids: [] }, { object_ids: [id] }, { all: true }])(
    "chooses objects by id, or all: %j",
    (choice) => {
      expect(paths({ ...choice, collection_id: "c" })).toEqual([]);
    },
  );

  it.each([{}, { object_ids: [], all: true }])("chooses in exactly one way, not %j", (choice) => {
    expect(paths({ ...choice, collection_id: "c" })).toEqual([""]);
  });

  it("names each invalid id", () => {
    expect(paths({ object_ids: [id, "x", id, "y"], collection_id: "c" })).toEqual([
      "object_ids.1",
      "object_ids.3",
    ]);
  });
});

describe("a batch's options", () => {
  it("have defaults, together and each", () => {
    expect(BatchOptions.parse({})).toEqual(DEFAULT_BATCH_OPTIONS);
    expect(BatchOptions.parse({ chunk_size: 200 })).toEqual({
      chunk_size: 200,
      chunk_overlap: 100,
    });
  });

  it("let chunks overlap by half at most", () => {
    expect(BatchOptions.safeParse({ chunk_size: 400, chunk_overlap: 200 }).success).toBe(true);
    expect(BatchOptions.safeParse({ chunk_size: 400, chunk_overlap: 201 }).success).toBe(false);
  });
});
