/** All databases of one server, and the journal that outlives it. */
import { CommandError } from "../errors.ts";
import type { Doc } from "../values/types.ts";
import { Collection } from "./collection.ts";
import type { IndexSpec } from "./index.ts";
import { describeIndex } from "./index-spec.ts";
import type { Journal } from "./journal.ts";
import type { StoredRecord } from "./record.ts";

export class Store {
  readonly #collections = new Map<string, Collection>();
  readonly #journal: Journal | null;

  constructor(journal: Journal | null) {
    this.#journal = journal;
    journal?.replay(this.#collections);
  }

  find(namespace: string): Collection | undefined {
    return this.#collections.get(namespace);
  }

  /** Collections come into being with their first write. */
  ensure(namespace: string): Collection {
    const existing = this.#collections.get(namespace);
    if (existing !== undefined) return existing;
    const name = namespace.slice(namespace.indexOf(".") + 1);
    if (name === "" || name.includes("$") || name.includes("\0")) {
      throw new CommandError(73, `Invalid collection name: ${name}`);
    }
    const collection = new Collection(namespace);
    this.#collections.set(namespace, collection);
    this.#journal?.append({ op: "create", ns: namespace });
    return collection;
  }

  collectionsOf(database: string): Collection[] {
    const prefix = `${database}.`;
    return [...this.#collections.values()].filter((one) => one.namespace.startsWith(prefix));
  }

  databases(): string[] {
    const names = [...this.#collections.keys()].map((name) => name.slice(0, name.indexOf(".")));
    return [...new Set(names)].toSorted();
  }

  insert(collection: Collection, doc: Doc, raw: Uint8Array): StoredRecord {
    const record = collection.insert(doc, raw);
    this.#journal?.appendPut(collection.namespace, raw);
    return record;
  }

  replace(collection: Collection, record: StoredRecord, doc: Doc, raw: Uint8Array): void {
    collection.replace(record, doc, raw);
    this.#journal?.appendPut(collection.namespace, raw);
  }

  delete(collection: Collection, record: StoredRecord): void {
    collection.delete(record);
    this.#journal?.append({ op: "delete", ns: collection.namespace, id: record.doc["_id"] });
  }

  addIndex(collection: Collection, spec: IndexSpec): void {
    collection.addIndex(spec);
    this.#journal?.append({ op: "addIndex", ns: collection.namespace, spec: describeIndex(spec) });
  }

  dropIndex(collection: Collection, name: string): void {
    collection.dropIndex(name);
    this.#journal?.append({ op: "dropIndex", ns: collection.namespace, name });
  }

  drop(namespace: string): void {
    if (this.#collections.delete(namespace)) this.#journal?.append({ op: "drop", ns: namespace });
  }

  dropAll(): void {
    for (const namespace of this.#collections.keys()) this.drop(namespace);
    this.flush();
  }

  /** Called before a command is answered: an answered write survives the process. */
  flush(): void {
    this.#journal?.flush();
  }

  close(): void {
    this.#journal?.close(this.#collections);
  }
}
