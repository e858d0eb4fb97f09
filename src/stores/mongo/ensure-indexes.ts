import type { Db, IndexDescription } from "mongodb";
import { INDEXES } from "./indexes.ts";

const STORAGE_KEY = "indexes";

/**
 * Makes the indexes that uniqueness and every list stand on, before the first operation on a
 * database. What was made is remembered in the object's storage, so that a new connection costs
 * no command; a changed list or another database is made anew (createIndexes is idempotent).
 */
export async function ensureIndexes(
  db: Db,
  storage: DurableObjectStorage,
  uri: string,
): Promise<void> {
  const wanted = await fingerprint(`${uri}/${db.databaseName}/${JSON.stringify(INDEXES)}`);
  if ((await storage.get(STORAGE_KEY)) === wanted) return;
  const collections = new Set(INDEXES.map((index) => index.collection));
  for (const collection of collections) {
    const indexes = INDEXES.filter((index) => index.collection === collection);
    await db.collection(collection).createIndexes(indexes.map((index) => specificationOf(index)));
  }
  await storage.put(STORAGE_KEY, wanted);
}

function specificationOf({ name, key, unique }: (typeof INDEXES)[number]): IndexDescription {
  return unique === undefined ? { name, key } : { name, key, unique };
}

async function fingerprint(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex();
}
