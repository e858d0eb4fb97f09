/** The longest wait allowed, in seconds. */
const MAX_WAIT_SECONDS = 60;

/** A longer header is ignored, which bounds the time that a hostile one can take. */
const MAX_HEADER_CHARACTERS = 1000;

/** One preference, its value and its parameters, which none of ours use (RFC 7240, section 2). */
const PREFERENCE =
  /^[ \t]*([!#$%&'*+.^_`|~0-9a-z-]+)(?:[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[!#$%&'*+.^_`|~0-9a-z-]+))?[ \t]*(?:;.*)?$/i;

/**
 * The seconds of `wait` in a Prefer header, 60 at most; null when it is absent or malformed: RFC
 * 7240 says to ignore preferences that can't be honoured. If there are several, the first counts.
 */
export function preferredWait(header: string): number | null {
  if (header.length > MAX_HEADER_CHARACTERS) return null;
  for (const part of splitOutsideQuotes(header)) {
    const [, name, value = ""] = PREFERENCE.exec(part) ?? [];
    if (name?.toLowerCase() !== "wait") continue;
    const seconds = value.replace(/^"(.*)"$/, "$1");
    return /^\d+$/.test(seconds) ? Math.min(Number(seconds), MAX_WAIT_SECONDS) : null;
  }
  return null;
}

function splitOutsideQuotes(header: string): readonly string[] {
  return header.match(/(?:"(?:[^"\\]|\\.)*"|[^,"]|")+/g) ?? [];
}
