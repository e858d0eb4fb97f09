import type { InsertOutcome, Page, PageOptions } from "./resource-store.ts";

/** An API key as it is stored: never the key itself. */
export type KeyRecord = {
  readonly _id: string;
  readonly name: string;
  /** SHA-256 of the whole key, lower-case hexadecimal. The key has 256 random bits, so no salt or stretching is needed. */
  readonly hash: string;
  readonly namespace_ids: readonly string[];
  readonly created_at: Date;
  readonly expires_at: Date | null;
};

/** API keys. Methods throw `StoreUnavailableError`. */
export interface KeyStore {
  insert(key: KeyRecord): Promise<InsertOutcome>;
  findByHash(hash: string): Promise<KeyRecord | null>;
  find(keyId: string): Promise<KeyRecord | null>;
  list(page: PageOptions): Promise<Page<KeyRecord>>;
  remove(keyId: string): Promise<boolean>;
}
