import { RedisError } from "./reply.ts";
import type { ByteString } from "./reply.ts";

export const INT64_MAX = 9_223_372_036_854_775_807n;
export const INT64_MIN = -9_223_372_036_854_775_808n;

const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;

/** Reads what Redis takes for an integer (no sign +, no blanks, no leading zeros), or null. */
export function parseInt64(text: ByteString): bigint | null {
  if (!INTEGER.test(text)) return null;
  const value = BigInt(text);
  return value > INT64_MAX || value < INT64_MIN ? null : value;
}

/** An integer argument. Above 2^53 it loses digits, which no option of a command needs. */
export function integerArgument(text: ByteString): number {
  const value = parseInt64(text);
  if (value === null) throw new RedisError("ERR value is not an integer or out of range");
  return Number(value);
}

/** A number where it is exact, else a bigint: the form replies carry integers in. */
export function integerReply(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** What `%.17g` prints, in which Redis takes a script's numbers for arguments. */
const DIGITS = 17;

/** A number as C's `%.17g` prints it. */
export function formatDouble(value: number): ByteString {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const [mantissa = "0", power = "0"] = roundHalfEven(value).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= DIGITS) {
    const sign = exponent < 0 ? "-" : "+";
    return `${trimZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const sign = value < 0 ? "-" : "";
  const all = mantissa.replace(/[-.]/g, "");
  if (exponent < 0) return `${sign}0.${trimZeros(`.${"0".repeat(-exponent - 1)}${all}`).slice(1)}`;
  return trimZeros(`${sign}${all.slice(0, exponent + 1)}.${all.slice(exponent + 1)}`);
}

/** More digits than any double between two neighbours of `%.17g` has. */
const EXACT_DIGITS = 60;

/** toExponential, but a value halfway between two goes to the even one, as in C, not up. */
function roundHalfEven(value: number): string {
  const rounded = value.toExponential(DIGITS - 1);
  const exact = value.toExponential(EXACT_DIGITS);
  // The digits start after the sign, and one of them stands before the point.
  const start = value < 0 ? 1 : 0;
  const kept = start + DIGITS + 1;
  const isTie = /^50*e/.test(exact.slice(kept));
  const isOdd = /[13579]/.test(rounded.charAt(rounded.indexOf("e") - 1));
  return isTie && isOdd ? `${exact.slice(0, kept)}${exact.slice(exact.indexOf("e"))}` : rounded;
}

function trimZeros(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0*$/, "") : digits;
}
