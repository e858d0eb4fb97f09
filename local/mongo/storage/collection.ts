/**
 * The documents of one collection and its indexes. Each write is checked against every unique
 * index before anything changes, so that a refused write leaves no trace.
 */
import { hashKey } from "../values/compare.ts";
import type { Doc } from "../values/types.ts";
import { CollectionIndex } from "./index.ts";
import type { IndexSpec } from "./index.ts";
import type { StoredRecord } from "./record.ts";

export const ID_INDEX: IndexSpec = {
  name: "_id_",
  fields: [{ path: "_id", direction: 1 }],
  isUnique: true,
  isSparse: false,
  partialFilter: null,
};

export class Collection {
  readonly namespace: string;
  readonly #records = new Set<StoredRecord>();
  /** The short way to one document; ids of unusual types are found through the _id index. */
  readonly #byId = new Map<string, StoredRecord>();
  #indexes: CollectionIndex[] = [new CollectionIndex(ID_INDEX)];
  #lastSequence = 0;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  get size(): number {
    return this.#records.size;
  }

  get indexes(): readonly CollectionIndex[] {
    return this.#indexes;
  }

  records(): Iterable<StoredRecord> {
    return this.#records;
  }

  /** By an id that has a hash key; undefined also when there is no such document. */
  byHashedId(key: string): StoredRecord | undefined {
    return this.#byId.get(key);
  }

  insert(doc: Doc, raw: Uint8Array): StoredRecord {
    const keys = this.#indexes.map((index) => index.keysOf(doc));
    for (const [i, index] of this.#indexes.entries()) {
      index.checkUnique(keys[i] ?? index.keysOf(doc), null, this.namespace);
    }
    this.#lastSequence += 1;
    const record: StoredRecord = { sequence: this.#lastSequence, doc, raw };
    for (const [i, index] of this.#indexes.entries())
      index.add(keys[i] ?? index.keysOf(doc), record);
    this.#records.add(record);
    const idKey = hashKey(doc["_id"]);
    if (idKey !== null) this.#byId.set(idKey, record);
    return record;
  }

  /** The new document has the same _id: the caller has checked it. */
  replace(record: StoredRecord, doc: Doc, raw: Uint8Array): void {
    const changes = this.#indexes.flatMap((index) => {
      const before = index.keysOf(record.doc);
      const after = index.keysOf(doc);
      return index.sameKeys(before, after) ? [] : [{ index, before, after }];
    });
    for (const { index, after } of changes) index.checkUnique(after, record, this.namespace);
    for (const { index, before, after } of changes) {
      index.remove(before, record);
      index.add(after, record);
    }
    record.doc = doc;
    record.raw = raw;
  }

  delete(record: StoredRecord): void {
    for (const index of this.#indexes) index.remove(index.keysOf(record.doc), record);
    this.#records.delete(record);
    const idKey = hashKey(record.doc["_id"]);
    if (idKey !== null) this.#byId.delete(idKey);
  }

  /** Builds an index over what is stored; duplicates make it fail and leave nothing behind. */
  addIndex(spec: IndexSpec): void {
    const index = new CollectionIndex(spec);
    for (const record of this.#records) {
      const keys = index.keysOf(record.doc);
      index.checkUnique(keys, null, this.namespace);
      index.add(keys, record);
    }
    this.#indexes.push(index);
  }

  /** The caller has checked that there is such an index and that it is not the one of _id. */
  dropIndex(name: string): void {
    this.#indexes = this.#indexes.filter((index) => index.spec.name !== name);
  }
}
