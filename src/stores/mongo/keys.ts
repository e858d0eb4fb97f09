import type { KeyRecord, KeyStore } from "../../ports/key-store.ts";
import type { MongoGateway } from "./gateway.ts";
import { findPage } from "./keyset.ts";

const COLLECTION = "keys";

/** The API keys' records. Hashes are unique by the index `{ hash }`. */
export function createKeyStore(gateway: MongoGateway): KeyStore {
  return {
    insert: (key) => gateway.insertOne(COLLECTION, key),
    findByHash: (hash) => gateway.findOne<KeyRecord>(COLLECTION, { hash }),
    find: (keyId) => gateway.findOne<KeyRecord>(COLLECTION, { _id: keyId }),
    list: (page) => findPage<KeyRecord>(gateway, COLLECTION, {}, page),
    remove: async (keyId) => (await gateway.deleteMany(COLLECTION, { _id: keyId })) > 0,
  };
}
