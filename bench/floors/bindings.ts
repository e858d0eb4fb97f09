/** A pool object as the insert floor calls it. */
type MongoPoolStub = { insert(document: { readonly _id: string }): Promise<void> };

/** What the floors get of the worker's own bindings and variables. */
export type FloorBindings = {
  Bindings: {
    readonly UPSTASH_REDIS_REST_URL: string;
    readonly UPSTASH_REDIS_REST_TOKEN: string;
    readonly MONGODB_POOL_SIZE: string;
    readonly MONGO_POOL: { getByName(name: string): MongoPoolStub };
  };
};
