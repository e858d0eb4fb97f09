import type { CopiedRow } from "../migration-store.ts";

/** A sum of rows: how many there are, and the sum of their digests in 64 hexadecimal digits. */
export type RowSum = { readonly count: number; readonly sum: string };

/** Of no rows. */
export const EMPTY_SUM: RowSum = { count: 0, sum: "0".repeat(64) };

const MODULUS = 1n << 256n;

/**
 * Adds rows to a sum: of each the SHA-256 of all that it holds, as a number, modulo 2²⁵⁶. So the
 * order in which rows come doesn't matter, and a row that is there twice doesn't cancel itself out.
 */
export async function addRows(before: RowSum, rows: readonly CopiedRow[]): Promise<RowSum> {
  const digests = await Promise.all(rows.map(digestOf));
  let sum = BigInt(`0x${before.sum}`);
  for (const digest of digests) sum += digest;
  const hex = (sum % MODULUS).toString(16);
  return { count: before.count + rows.length, sum: hex.padStart(64, "0") };
}

/** Whether two sums are of the same rows. */
export function isSameSum(one: RowSum, other: RowSum): boolean {
  return one.count === other.count && one.sum === other.sum;
}

async function digestOf(row: CopiedRow): Promise<bigint> {
  const parts: Uint8Array[] = [];
  parts.unshift(new TextEncoder().encode(canonical(row, parts)));
  const digest = new DataView(await crypto.subtle.digest("SHA-256", join(parts)));
  let number = 0n;
  for (let at = 0; at < digest.byteLength; at += 8) {
    number = (number << 64n) | digest.getBigUint64(at);
  }
  return number;
}

/**
 * A value as text that is the same for the same value, whatever the order of its keys. Vectors are
 * told apart by their length there; their bytes go to `vectors`, since as text they would be ten
 * times the work.
 */
function canonical(value: unknown, vectors: Uint8Array[]): string {
  if (value instanceof Date) return `d${value.getTime()}`;
  if (value instanceof Float32Array) {
    vectors.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    return `v${value.length}`;
  }
  if (Array.isArray(value)) {
    return `[${value.map((one) => canonical(one, vectors)).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
    return `{${fields.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner, vectors)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "undefined";
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
