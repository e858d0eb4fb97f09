import { DurableObject } from "cloudflare:workers";
import { type Collection, MongoClient } from "mongodb";

/** Connections that one object keeps: as many as Waybill's own. */
const CONNECTIONS = 10;

type Row = { readonly _id: string; readonly version: number };

/** One MongoClient in a Durable Object: no retries, no limits, no indexes, no clean-up. */
export class MongoPool extends DurableObject<{ readonly MONGODB_URI: string }> {
  #client: MongoClient | null = null;

  /** Inserts one document with a majority write. */
  async insert(document: Row): Promise<void> {
    await this.#collection().insertOne(document);
  }

  async find(id: string): Promise<Row | null> {
    return this.#collection().findOne({ _id: id });
  }

  /** Adds one to a document's version; the document afterwards. */
  async raise(id: string): Promise<Row | null> {
    return this.#collection().findOneAndUpdate(
      { _id: id },
      { $inc: { version: 1 } },
      { returnDocument: "after" },
    );
  }

  #collection(): Collection<Row> {
    this.#client ??= new MongoClient(this.env.MONGODB_URI, {
      maxPoolSize: CONNECTIONS,
      writeConcern: { w: "majority" },
    });
    return this.#client.db("floors").collection<Row>("rows");
  }
}
