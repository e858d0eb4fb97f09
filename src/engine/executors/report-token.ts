import { fromHex, toHex } from "../../crypto/encoding.ts";
import type { SealingKeys } from "../../crypto/seal.ts";

/** Binds the derived key to this use: the sealing key itself only seals. */
const PURPOSE = "waybill report token v1";

const encoder = new TextEncoder();

/**
 * The token of one attempt's reports: the attempt's number and an HMAC-SHA256 of task and attempt
 * under a key derived from the sealing key (HKDF, RFC 5869). It stays verifiable after the attempt
 * is over, so a late report is recognised as late and not as forged.
 */
export async function reportToken(
  { current }: Pick<SealingKeys, "current">,
  taskId: string,
  attempt: number,
): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", await keyOf(current), messageOf(taskId, attempt));
  return `${attempt}.${toHex(new Uint8Array(mac))}`;
}

/**
 * The attempt that a token is for, or null when it was not issued for this task. Tokens of the
 * previous sealing key are valid too, since their tasks continue while the key is rotated.
 */
export async function attemptOfToken(
  keys: SealingKeys,
  taskId: string,
  token: string,
): Promise<number | null> {
  const [, attempt, mac] = /^(\d{1,6})\.([0-9a-f]{64})$/.exec(token) ?? [];
  if (attempt === undefined || mac === undefined) return null;
  for (const key of [keys.current, keys.previous]) {
    if (key === null) continue;
    const isValid = await crypto.subtle.verify(
      "HMAC",
      await keyOf(key),
      fromHex(mac),
      messageOf(taskId, Number(attempt)),
    );
    if (isValid) return Number(attempt);
  }
  return null;
}

async function keyOf(sealingKey: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", fromHex(sealingKey), "HKDF", false, [
    "deriveKey",
  ]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode(PURPOSE) },
    material,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}

function messageOf(taskId: string, attempt: number) {
  return encoder.encode(`${taskId}.${attempt}`);
}
