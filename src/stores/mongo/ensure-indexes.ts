import type { Db, IndexDescription } from "mongodb";
import type { Index } from "../../ports/database.ts";

const STORAGE_KEY = "indexes";

/**
 * Creates the indexes that uniqueness and every list depend on, before the first operation on a
 * database. The object's storage records what was created, so a new connection costs no command; a
 * changed list or another database runs createIndexes again, which is idempotent.
 */
export async function ensureIndexes(
  db: Db,
  storage: DurableObjectStorage,
  uri: string,
  indexes: readonly Index[],
): Promise<void> {
  const wanted = await fingerprint(`${uri}/${db.databaseName}/${JSON.stringify(indexes)}`);
  if ((await storage.get(STORAGE_KEY)) === wanted) return;
  const collections = new Set(indexes.map((index) => index.collection));
  for (const collection of collections) {
    const own = indexes.filter((index) => index.collection === collection);
    await db.collection(collection).createIndexes(own.map((index) => specificationOf(index)));
  }
  await storage.put(STORAGE_KEY, wanted);
}

function specificationOf({ name, key, unique }: Index): IndexDescription {
  return { name, key: { ...key }, ...(unique !== undefined && { unique }) };
}

async function fingerprint(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex();
}
