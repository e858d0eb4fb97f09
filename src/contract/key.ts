import { z } from "zod";
import { PageRequest, Timestamp } from "./common.ts";
import { IdOrName, KeyId, NamespaceId } from "./ids.ts";

/** How many namespaces one key can access. */
export const MAX_KEY_NAMESPACES = 50;

/** `POST /v1/keys`. */
export const CreateKeyRequest = z.strictObject({
  /** What the key is for; meant for people and not necessarily unique. */
  name: z.string().min(1).max(128),
  /** The namespaces that the key can access, by id or name. */
  namespaces: z.array(IdOrName).min(1).max(MAX_KEY_NAMESPACES),
  /** When the key stops working; absent: never. */
  expires_at: Timestamp.optional(),
});

export type CreateKeyRequest = z.infer<typeof CreateKeyRequest>;

/** `POST /v1/keys/list`. */
export const KeyListRequest = z.strictObject({ ...PageRequest });

export type KeyListRequest = z.infer<typeof KeyListRequest>;

/** An API key, without the key itself. */
export const Key = z.object({
  key_id: KeyId,
  name: z.string(),
  namespace_ids: z.array(NamespaceId),
  created_at: Timestamp,
  expires_at: Timestamp.nullable(),
});

export type Key = z.infer<typeof Key>;

/** The response to a key's creation: the only one that holds the key itself. */
export const CreatedKey = Key.extend({
  key: z.string().meta({ description: "`wb_` and 43 characters; shown only here" }),
});

export type CreatedKey = z.infer<typeof CreatedKey>;
