/**
 * The filters that a type of event matches, each as one term, so a list by a pattern is a look-up
 * and not a scan: `collection.documents.written` matches itself, `collection.documents.*` and
 * `collection.*`; `*` needs no term.
 */
export function eventTerms(type: string): readonly string[] {
  const words = type.split(".");
  const prefixes = words.slice(1).map((_, index) => `${words.slice(0, index + 1).join(".")}.*`);
  return [type, ...prefixes.toReversed()];
}

/** The filters that a response matches: its status and its class, or `none` for no response. */
export function responseCodes(status: number | null): readonly string[] {
  return status === null ? ["none"] : [String(status), `${Math.floor(status / 100)}xx`];
}
