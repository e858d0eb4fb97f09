/**
 * Persistence: a file of BSON documents, one per change, each written before its command is
 * answered (so a killed process loses nothing that was acknowledged; a power cut may). It is
 * rewritten without its history when the server starts and when it closes.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { decode, encode } from "../wire/bson-codec.ts";
import type { Doc } from "../values/types.ts";
import { Collection } from "./collection.ts";
import { describeIndex, parseIndexSpec } from "./index-spec.ts";
import { hashKey, sameValue } from "../values/compare.ts";
import type { StoredRecord } from "./record.ts";

type Collections = Map<string, Collection>;

export class Journal {
  readonly #path: string;
  #fd: number | null = null;
  #size = 0;
  #pending: Uint8Array[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  replay(collections: Collections): void {
    if (existsSync(this.#path)) {
      for (const entry of readEntries(readFileSync(this.#path))) applyEntry(collections, entry);
    }
    this.#rewrite(collections);
  }

  append(entry: Doc): void {
    this.#pending.push(encode(entry));
  }

  appendPut(namespace: string, raw: Uint8Array): void {
    // The document follows its entry, so that its bytes are neither decoded nor encoded here.
    this.#pending.push(encode({ op: "put", ns: namespace }), raw);
  }

  flush(): void {
    if (this.#pending.length === 0 || this.#fd === null) return;
    const bytes = Buffer.concat(this.#pending);
    try {
      writeAll(this.#fd, bytes, this.#size);
    } catch (error) {
      // Half an entry would hide the later ones. What is pending goes with the next command.
      ftruncateSync(this.#fd, this.#size);
      throw error;
    }
    this.#size += bytes.length;
    this.#pending = [];
  }

  close(collections: Collections): void {
    this.flush();
    this.#rewrite(collections);
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** Written beside and renamed: a crash leaves the old file or the new one. */
  #rewrite(collections: Collections): void {
    const draft = `${this.#path}.new`;
    const fd = openSync(draft, "w");
    let size = 0;
    const write = (bytes: Uint8Array): void => {
      writeAll(fd, bytes, size);
      size += bytes.length;
    };
    for (const collection of collections.values()) {
      const ns = collection.namespace;
      write(encode({ op: "create", ns }));
      for (const { spec } of collection.indexes.slice(1)) {
        write(encode({ op: "addIndex", ns, spec: describeIndex(spec) }));
      }
      for (const { raw } of collection.records()) {
        write(Buffer.concat([encode({ op: "put", ns }), raw]));
      }
    }
    if (this.#fd !== null) closeSync(this.#fd);
    renameSync(draft, this.#path);
    this.#fd = fd;
    this.#size = size;
  }
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}

type Entry = { readonly head: Doc; readonly raw: Uint8Array | null };

/** A last entry that was cut off in the middle was never acknowledged: it is dropped. */
function* readEntries(bytes: Buffer): Generator<Entry, void> {
  let offset = 0;
  const next = (): Buffer | null => {
    if (offset + 4 > bytes.length) return null;
    const length = bytes.readInt32LE(offset);
    if (length < 5 || offset + length > bytes.length) return null;
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  for (let head = next(); head !== null; head = next()) {
    const entry = decode(head);
    const raw = entry["op"] === "put" ? next() : null;
    if (entry["op"] === "put" && raw === null) return;
    yield { head: entry, raw: raw === null ? null : Uint8Array.prototype.slice.call(raw) };
  }
}

function applyEntry(collections: Collections, { head, raw }: Entry): void {
  const ns = String(head["ns"]);
  if (head["op"] === "drop") {
    collections.delete(ns);
    return;
  }
  const collection = collections.get(ns) ?? new Collection(ns);
  collections.set(ns, collection);
  switch (head["op"]) {
    case "put": {
      if (raw === null) return;
      const doc = decode(raw);
      const existing = findById(collection, doc["_id"]);
      if (existing === undefined) collection.insert(doc, raw);
      else collection.replace(existing, doc, raw);
      return;
    }
    case "delete": {
      const existing = findById(collection, head["id"]);
      if (existing !== undefined) collection.delete(existing);
      return;
    }
    case "addIndex":
      collection.addIndex(parseIndexSpec(head["spec"]));
      return;
    case "dropIndex":
      collection.dropIndex(String(head["name"]));
      return;
    case "create":
      return;
    default:
      throw new Error(`The journal holds an unknown entry: ${String(head["op"])}`);
  }
}

function findById(collection: Collection, id: unknown): StoredRecord | undefined {
  const key = hashKey(id);
  if (key !== null) return collection.byHashedId(key);
  return [...collection.records()].find((record) => sameValue(record.doc["_id"], id));
}
