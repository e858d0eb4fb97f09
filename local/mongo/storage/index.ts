/**
 * One index: entries sorted by key, with uniqueness, sparseness and a partial filter.
 * Source: https://www.mongodb.com/docs/manual/indexes/
 */
import { CommandError } from "../errors.ts";
import { compileFilter } from "../query/matcher.ts";
import type { Filter } from "../query/matcher.ts";
import { compareValues } from "../values/compare.ts";
import { someAt, splitPath } from "../values/paths.ts";
import { shellText } from "../values/shell.ts";
import type { Doc } from "../values/types.ts";
import { extractKeys } from "../values/index-keys.ts";
import type { ExtractedKeys, IndexKey } from "../values/index-keys.ts";
import type { StoredRecord } from "./record.ts";
import { SortedList } from "./sorted-list.ts";

export type IndexSpec = {
  readonly name: string;
  readonly fields: readonly { readonly path: string; readonly direction: 1 | -1 }[];
  readonly isUnique: boolean;
  readonly isSparse: boolean;
  readonly partialFilter: Doc | null;
};

export type IndexEntry = { readonly key: IndexKey; readonly record: StoredRecord };

const NO_KEYS: ExtractedKeys = { keys: [], opened: [] };

export function keyPatternOf(spec: IndexSpec): Doc {
  return Object.fromEntries(spec.fields.map((field) => [field.path, field.direction]));
}

export class CollectionIndex {
  readonly spec: IndexSpec;
  readonly entries: SortedList<IndexEntry>;
  /** Per field, whether any document ever had an array there; as in MongoDB it is never unset. */
  readonly multikey: boolean[];
  readonly #paths: readonly (readonly string[])[];
  readonly #directions: readonly number[];
  readonly #isCovered: Filter | null;

  constructor(spec: IndexSpec) {
    this.spec = spec;
    this.#paths = spec.fields.map((field) => splitPath(field.path));
    this.#directions = spec.fields.map((field) => field.direction);
    this.#isCovered = spec.partialFilter === null ? null : compileFilter(spec.partialFilter);
    this.multikey = spec.fields.map(() => false);
    this.entries = new SortedList(
      (a, b) => this.compareKeys(a.key, b.key) || a.record.sequence - b.record.sequence,
    );
  }

  get isMultikey(): boolean {
    return this.multikey.includes(true);
  }

  compareKeys(a: IndexKey, b: IndexKey): number {
    for (let i = 0; i < this.#directions.length; i += 1) {
      const order = compareValues(a[i], b[i]);
      if (order !== 0) return order * (this.#directions[i] ?? 1);
    }
    return 0;
  }

  keysOf(doc: Doc): ExtractedKeys {
    if (this.#isCovered !== null && !this.#isCovered(doc)) return NO_KEYS;
    const extracted = extractKeys(doc, this.#paths);
    if (!this.spec.isSparse) return extracted;
    // Sparse: left out when every field is missing. An explicit null is a value.
    const isPresent = this.#paths.some(
      (path, i) =>
        extracted.keys.some((key) => key[i] !== null) ||
        someAt(doc, path, (value) => value !== undefined),
    );
    return isPresent ? extracted : NO_KEYS;
  }

  /** Throws E11000 when another document is filed under one of the keys. */
  checkUnique(keys: ExtractedKeys, self: StoredRecord | null, namespace: string): void {
    if (!this.spec.isUnique) return;
    for (const key of keys.keys) {
      let at = this.entries.partitionPoint((entry) => this.compareKeys(entry.key, key) < 0);
      for (let entry = this.entries.at(at); entry; entry = this.entries.at(at)) {
        if (this.compareKeys(entry.key, key) !== 0) break;
        if (entry.record !== self) throw this.#duplicate(key, namespace);
        at = { chunk: at.chunk, offset: at.offset + 1 };
        if (this.entries.at(at) === undefined) at = { chunk: at.chunk + 1, offset: 0 };
      }
    }
  }

  #duplicate(key: IndexKey, namespace: string): CommandError {
    const keyValue = Object.fromEntries(
      this.spec.fields.map((field, i) => [field.path, key[i] ?? null]),
    );
    return new CommandError(
      11000,
      `E11000 duplicate key error collection: ${namespace} index: ${this.spec.name} dup key: ${shellText(keyValue)}`,
      { keyPattern: keyPatternOf(this.spec), keyValue },
    );
  }

  add(keys: ExtractedKeys, record: StoredRecord): void {
    for (const [i, isOpened] of keys.opened.entries()) if (isOpened) this.multikey[i] = true;
    for (const key of keys.keys) this.entries.insert({ key, record });
  }

  remove(keys: ExtractedKeys, record: StoredRecord): void {
    for (const key of keys.keys) this.entries.delete({ key, record });
  }

  sameKeys(a: ExtractedKeys, b: ExtractedKeys): boolean {
    return (
      a.keys.length === b.keys.length &&
      a.keys.every((key, i) => this.compareKeys(key, b.keys[i] ?? []) === 0)
    );
  }
}
