/** How many headers of an answer are kept, how much of one value, and how much of all. */
const MAX_HEADERS = 32;
const VALUE_LIMIT_CHARACTERS = 256;
export const HEADERS_LIMIT_CHARACTERS = 2048;

/**
 * What an answer may say for the client alone (RFC 6265, RFC 9110 section 11, RFC 7615): the log is
 * read by more people than the endpoint's owner, and none of them needs these.
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
 * The headers of an answer for the log, names in lower case, in the order in which the platform
 * gives them: no secrets, long values cut, and no more than fits.
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
