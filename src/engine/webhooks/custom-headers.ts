import { z } from "zod";
import { seal, type SealingKeys, unseal } from "../../crypto/seal.ts";

const Headers = z.record(z.string(), z.string());

/** Bound differently from secrets, so one can't be used as the other. */
const boundTo = (webhookId: string) => `${webhookId} headers`;

/** An endpoint's custom headers as stored and as carried in messages. */
export type SealedHeaders = {
  /** In plain text, so responses can show them. */
  readonly header_names: readonly string[];
  /** All of them as one JSON text, sealed and bound to the endpoint; null without any. */
  readonly sealed_headers: string | null;
};

/** Seals an endpoint's custom headers: their values are usually credentials. */
export async function sealHeaders(
  headers: Record<string, string>,
  keys: SealingKeys,
  webhookId: string,
): Promise<SealedHeaders> {
  const names = Object.keys(headers);
  return {
    header_names: names,
    sealed_headers:
      names.length === 0 ? null : await seal(JSON.stringify(headers), keys, boundTo(webhookId)),
  };
}

/** The custom headers in plain text. Throws when no key opens them. */
export async function unsealHeaders(
  sealed: string | null,
  keys: SealingKeys,
  webhookId: string,
): Promise<Record<string, string>> {
  if (sealed === null) return {};
  return Headers.parse(JSON.parse(await unseal(sealed, keys, boundTo(webhookId))));
}

/** The same headers, sealed with the current key. Throws when no key opens them. */
export async function resealHeaders(
  sealed: string | null,
  keys: SealingKeys,
  webhookId: string,
): Promise<string | null> {
  const headers = await unsealHeaders(sealed, keys, webhookId);
  return (await sealHeaders(headers, keys, webhookId)).sealed_headers;
}
