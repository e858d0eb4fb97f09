import { expect, it } from "vitest";
import { createMemoryGateway } from "../../../test/webhooks/memory-gateway.ts";
import type { Database } from "../../ports/database.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { deleteCollection } from "./delete-collection.ts";

/** A namespace with one collection; `steps` are the writes, in order. */
function setUp(options: { writer?: string; documentsFail?: boolean }) {
  const steps: string[] = [];
  const memory = createMemoryGateway();
  const inside = { namespace_id: "ns_1", collection_id: "col_1" };
  const collection = { _id: "col_1", namespace_id: "ns_1", name: "c" };
  const document = { _id: "doc_1", ...inside };
  const batch = { _id: options.writer ?? "", ...inside, status: "PROCESSING" };
  const fill = async () => {
    await memory.insertOne("collections", collection);
    await memory.insertOne("documents", document);
    if (options.writer !== undefined) await memory.insertOne("batches", batch);
  };
  const database: Database = {
    ...memory,
    deleteMany: async (name, filter) => {
      steps.push(name);
      if (name === "documents" && options.documentsFail === true) throw new Error("cut off");
      return memory.deleteMany(name, filter);
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has what the service uses, no more
  const ctx = { namespace: { _id: "ns_1", name: "n" }, database } as unknown as NamespaceContext;
  const run = async () => {
    await fill();
    await deleteCollection({ ctx, input: { collection: "c" } });
  };
  return { steps, run };
}

it("a collection's documents are deleted before the collection", async () => {
  const { steps, run } = setUp({});
  await run();
  expect(steps).toEqual(["documents", "collections"]);
});

it("a deletion that is cut off leaves a collection that can be deleted again", async () => {
  const { steps, run } = setUp({ documentsFail: true });
  await expect(run()).rejects.toThrow("cut off");
  expect(steps).not.toContain("collections");
});

it("a collection that a batch writes to keeps everything", async () => {
  const { steps, run } = setUp({ writer: "batch_1" });
  await expect(run()).rejects.toMatchObject({
    code: "resource_in_use",
    message: expect.stringContaining("batch_1"),
  });
  expect(steps).toEqual([]);
});
