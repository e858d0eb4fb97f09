import type { ByteString } from "./reply.ts";

const SPECIAL = /[\\^$.*+?()[\]{}|/]/g;

/**
 * Compiles a Redis glob (`*`, `?`, `[a-z]`, `[^a]`, `\x`) to a test on whole keys.
 * @see https://redis.io/docs/latest/commands/keys/
 */
export function compileGlob(glob: ByteString): (key: ByteString) => boolean {
  if (glob === "*") return () => true;
  let source = "";
  let at = 0;
  while (at < glob.length) {
    const char = glob.charAt(at);
    at += 1;
    if (char === "*") {
      // One run is enough for `**`, and keeps the expression from backtracking on it.
      if (!source.endsWith("[^]*")) source += "[^]*";
    } else if (char === "?") {
      source += "[^]";
    } else if (char === "\\" && at < glob.length) {
      source += escape(glob.charAt(at));
      at += 1;
    } else if (char === "[") {
      const set = readSet(glob, at);
      source += set.source;
      at = set.end;
    } else {
      source += escape(char);
    }
  }
  const pattern = new RegExp(`^${source}$`);
  return (key) => pattern.test(key);
}

/** A `[...]` set from just after its bracket; an unclosed one reaches to the end, as in Redis. */
function readSet(glob: ByteString, start: number): { source: string; end: number } {
  let at = start;
  const negated = glob.charAt(at) === "^";
  if (negated) at += 1;
  let body = "";
  while (at < glob.length && glob.charAt(at) !== "]") {
    if (glob.charAt(at) === "\\" && at + 1 < glob.length) at += 1;
    const from = glob.charAt(at);
    if (glob.charAt(at + 1) === "-" && at + 2 < glob.length && glob.charAt(at + 2) !== "]") {
      const to = glob.charAt(at + 2);
      body += from <= to ? `${inSet(from)}-${inSet(to)}` : `${inSet(to)}-${inSet(from)}`;
      at += 3;
    } else {
      body += inSet(from);
      at += 1;
    }
  }
  const source = body === "" ? (negated ? "[^]" : "[]") : `[${negated ? "^" : ""}${body}]`;
  return { source, end: Math.min(at + 1, glob.length) };
}

function escape(char: string): string {
  return char.replace(SPECIAL, String.raw`\$&`);
}

function inSet(char: string): string {
  return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}
