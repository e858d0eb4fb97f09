import { type Document, MongoClient } from "mongodb";
import type { Api } from "./api.ts";
import type { World } from "./world.ts";

const INSERTED_AT_ONCE = 5_000;

/** A new namespace with so many documents in a collection of the database, past the API. */
export async function crowd(
  world: World,
  {
    collection,
    count,
    make,
  }: {
    readonly collection: string;
    readonly count: number;
    readonly make: (index: number, namespaceId: string) => Document & { readonly _id: string };
  },
): Promise<Api> {
  const name = `crowd-of-${collection}`;
  const { body } = await world.api.post("/v1/namespaces", { name }).expect(201);
  const client = await MongoClient.connect(world.stack.vars["MONGODB_URI"] ?? "");
  const documents = client.db(world.database).collection<Document & { _id: string }>(collection);
  for (let start = 0; start < count; start += INSERTED_AT_ONCE) {
    const length = Math.min(INSERTED_AT_ONCE, count - start);
    const rows = Array.from({ length }, (_, offset) =>
      make(start + offset, String(body["namespace_id"])),
    );
    await documents.insertMany(rows);
  }
  await client.close();
  const api = world.api.as({ namespace: name });
  // The namespace's look-up is remembered and counts no more.
  await api.post(`/v1/${collection}/list`, { limit: 1 }).expect(200);
  return api;
}

/** What a request is answered, and how many documents the database looked at for it. */
export async function postCounted(world: World, api: Api, path: string, request: object) {
  world.mongo.resetExamined();
  const { body } = await api.post(path, request).expect(200);
  return { body, examined: world.mongo.examined().documents };
}
