import { expect, it } from "vitest";
import { createMemoryGateway } from "../../../test/webhooks/memory-gateway.ts";
import type { NamespaceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";
import { createObjects, type ObjectItem } from "./create-objects.ts";

const TAKEN = "taken";

async function contextWithKeyTaken(): Promise<NamespaceContext> {
  let made = 0;
  const database = createMemoryGateway();
  const bucket = { _id: "bkt_1", namespace_id: "ns_1", name: "b" };
  const object = { _id: "obj_0", bucket_id: bucket._id, key: TAKEN };
  await database.insertOne("buckets", bucket);
  await database.insertOne("objects", object);
  const context = {
    namespace: { _id: "ns_1", name: "n" },
    runtime: { now: () => new Date(0), newId: () => `obj_${(made += 1)}` },
    database,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has what the service uses, no more
  return context as unknown as NamespaceContext;
}

it("each object is for itself: outcomes stand in the order of the items", async () => {
  const wrong = new DomainError("invalid_request", "wrong");
  const items: ObjectItem[] = [
    { kind: "invalid", index: 0, error: wrong },
    { kind: "valid", index: 1, object: { content: { text: "a" } } },
    { kind: "valid", index: 2, object: { key: TAKEN, content: { text: "b" } } },
    { kind: "valid", index: 3, object: { key: "free", content: { json: null } } },
  ];
  const outcomes = await createObjects({
    ctx: await contextWithKeyTaken(),
    input: { bucket: "b", items },
  });
  expect(outcomes).toMatchObject([
    { index: 0, kind: "refused", error: wrong },
    { index: 1, kind: "created", objectId: "obj_1" },
    {
      index: 2,
      kind: "refused",
      error: { code: "name_taken", fields: [{ path: "objects.2.key", message: "taken" }] },
    },
    { index: 3, kind: "created", objectId: "obj_3" },
  ]);
});
