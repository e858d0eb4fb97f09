/** Limits on the headers kept: their number, the length of one value, and the total size. */
const MAX_HEADERS = 32;
const VALUE_LIMIT_CHARACTERS = 256;
export const HEADERS_LIMIT_CHARACTERS = 2048;

/**
 * Headers meant only for the client (RFC 6265, RFC 9110 section 11, RFC 7615): more people than the
 * endpoint's owner read the log, and none of them needs these.
 */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  "authentication-info",
  "authorization",
  "cookie",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "set-cookie",
  "set-cookie2",
  "www-authenticate",
]);

/** No name that could mean something to a database or a JavaScript object. */
const PLAIN_NAME = /^[a-z0-9][a-z0-9_-]{0,127}$/;

/**
 * The headers of a response for the log: names in lower case, in the platform's order, without
 * secrets, with long values cut, within the limits.
 */
export function headersToKeep(headers: Headers): Readonly<Record<string, string>> {
  const kept: [string, string][] = [];
  let left = HEADERS_LIMIT_CHARACTERS;
  for (const [given, whole] of headers) {
    const name = given.toLowerCase();
    if (SECRET_HEADERS.has(name) || !PLAIN_NAME.test(name)) continue;
    const value = whole.slice(0, VALUE_LIMIT_CHARACTERS);
    left -= name.length + value.length;
    if (left < 0 || kept.length === MAX_HEADERS) break;
    kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}
