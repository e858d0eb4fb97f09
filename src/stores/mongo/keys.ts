import type { KeyRecord, KeyStore } from "../../ports/key-store.ts";
import type { Database } from "../../ports/database.ts";
import { findPage } from "../../database/keyset.ts";

const COLLECTION = "keys";

/** The API keys' records. Hashes are unique by the index `{ hash }`. */
export function createKeyStore(database: Database): KeyStore {
  return {
    insert: (key) => database.insertOne(COLLECTION, key),
    findByHash: (hash) => database.findOne<KeyRecord>(COLLECTION, { hash }),
    find: (keyId) => database.findOne<KeyRecord>(COLLECTION, { _id: keyId }),
    list: (page) => findPage<KeyRecord>(database, COLLECTION, {}, page),
    remove: async (keyId) => (await database.deleteMany(COLLECTION, { _id: keyId })) > 0,
  };
}
