import { DurableObject } from "cloudflare:workers";
import { MongoClient } from "mongodb";

/** Connections that one object keeps: as many as Waybill's own. */
const CONNECTIONS = 10;

/** One MongoClient in a Durable Object, and one insert: no retries, no limits, no clean-up. */
export class MongoPool extends DurableObject<{ readonly MONGODB_URI: string }> {
  #client: MongoClient | null = null;

  /** Inserts one document with a majority write, into a collection with no index of its own. */
  async insert(document: { readonly _id: string }): Promise<void> {
    this.#client ??= new MongoClient(this.env.MONGODB_URI, {
      maxPoolSize: CONNECTIONS,
      writeConcern: { w: "majority" },
    });
    await this.#client.db("floors").collection<{ _id: string }>("inserts").insertOne(document);
  }
}
