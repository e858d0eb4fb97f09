import { expect, it } from "vitest";
import type { NamespaceContext } from "../../engine/context.ts";
import { deleteCollection } from "./delete-collection.ts";

/** A namespace with one collection; `steps` are the writes, in order. */
function setUp(options: { writer?: string; documentsFail?: boolean }) {
  const steps: string[] = [];
  const stores = {
    collections: {
      find: async () => ({ _id: "col_1" }),
      remove: async () => steps.push("collection"),
    },
    batches: { unfinishedInto: async () => options.writer ?? null },
    documents: {
      removeAll: async () => {
        steps.push("documents");
        if (options.documentsFail === true) throw new Error("cut off");
      },
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has what the service uses, no more
  const ctx = { namespace: { _id: "ns_1", name: "n" }, stores } as unknown as NamespaceContext;
  return { steps, run: () => deleteCollection({ ctx, input: { collection: "c" } }) };
}

it("a collection's documents are deleted before the collection", async () => {
  const { steps, run } = setUp({});
  await run();
  expect(steps).toEqual(["documents", "collection"]);
});

it("a deletion that is cut off leaves a collection that can be deleted again", async () => {
  const { steps, run } = setUp({ documentsFail: true });
  await expect(run()).rejects.toThrow("cut off");
  expect(steps).not.toContain("collection");
});

it("a collection that a batch writes to keeps everything", async () => {
  const { steps, run } = setUp({ writer: "batch_1" });
  await expect(run()).rejects.toMatchObject({
    code: "resource_in_use",
    message: expect.stringContaining("batch_1"),
  });
  expect(steps).toEqual([]);
});
