/**
 * The filters that a type of event meets, each as one term, so that a list by a pattern is a look-up
 * and no scan: `collection.documents.written` meets itself, `collection.documents.*` and
 * `collection.*`; what `*` meets needs no term.
 */
export function eventTerms(type: string): readonly string[] {
  const words = type.split(".");
  const prefixes = words.slice(1).map((_, index) => `${words.slice(0, index + 1).join(".")}.*`);
  return [type, ...prefixes.toReversed()];
}

/** The filters that an answer meets: its status and its class, or `none` when there was none. */
export function responseCodes(status: number | null): readonly string[] {
  return status === null ? ["none"] : [String(status), `${Math.floor(status / 100)}xx`];
}
