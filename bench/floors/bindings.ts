import type { MongoPool } from "./mongo-pool.ts";

/** A pool object as the floors call it. */
type MongoPoolStub = Pick<MongoPool, "insert" | "find" | "raise">;

/** What the floors get of the worker's own bindings and variables. */
export type FloorBindings = {
  Bindings: {
    readonly UPSTASH_REDIS_REST_URL: string;
    readonly UPSTASH_REDIS_REST_TOKEN: string;
    readonly QSTASH_URL: string;
    readonly QSTASH_TOKEN: string;
    readonly PUBLIC_URL: string;
    readonly MONGODB_POOL_SIZE: string;
    readonly MONGO_POOL: { getByName(name: string): MongoPoolStub };
  };
};
