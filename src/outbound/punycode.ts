// The parameters of Punycode: RFC 3492, section 5.
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_CODE_POINT = 0x80;
const MAX_CODE_POINT = 0x10ffff;

/** What Punycode stands for (RFC 3492, section 6.2), without the `xn--`; null when it is none. */
export function decodePunycode(text: string): string | null {
  const delimiter = text.lastIndexOf("-");
  const output = Array.from(
    text.slice(0, Math.max(0, delimiter)),
    (letter) => letter.codePointAt(0) ?? 0,
  );
  let position = delimiter + 1;
  let codePoint = INITIAL_CODE_POINT;
  let bias = INITIAL_BIAS;
  let index = 0;
  while (position < text.length) {
    const before = index;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitOf(text[position++]);
      if (digit === null) return null;
      index += digit * weight;
      const threshold = Math.min(T_MAX, Math.max(T_MIN, k - bias));
      if (digit < threshold) break;
      weight *= BASE - threshold;
      // A label's 63 characters could otherwise count beyond what a number holds exactly.
      if (index > Number.MAX_SAFE_INTEGER / BASE) return null;
    }
    const length = output.length + 1;
    bias = adapt(index - before, length, before === 0);
    codePoint += Math.floor(index / length);
    if (codePoint > MAX_CODE_POINT) return null;
    index %= length;
    output.splice(index++, 0, codePoint);
  }
  return String.fromCodePoint(...output);
}

/** The value of a digit: a to z are 0 to 25, 0 to 9 are 26 to 35 (RFC 3492, section 5). */
function digitOf(character: string | undefined): number | null {
  if (character === undefined) return null;
  const value = "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(character);
  return value === -1 ? null : value;
}

/** RFC 3492, section 6.1. */
function adapt(difference: number, length: number, isFirst: boolean): number {
  let delta = Math.floor(difference / (isFirst ? DAMP : 2));
  delta += Math.floor(delta / length);
  let k = 0;
  while (delta > ((BASE - T_MIN) * T_MAX) / 2) {
    delta = Math.floor(delta / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * delta) / (delta + SKEW));
}
