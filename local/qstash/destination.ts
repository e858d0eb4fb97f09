import { invalid, notFound } from "./errors.ts";
import { isHttpUrl } from "./options.ts";
import type { Endpoint, UrlGroup, UrlGroups } from "./url-groups.ts";

/** Where a request goes: one URL, or each endpoint of a group. */
type Destination =
  | { readonly kind: "url"; readonly endpoints: readonly [Endpoint] }
  | { readonly kind: "group"; readonly group: UrlGroup; readonly endpoints: readonly Endpoint[] };

/**
 * Reads a destination as it stands raw in the path or in a batch item.
 *
 * From https://upstash.com/docs/qstash/api-reference/messages/publish-a-message. The URL is kept as
 * written, for it is signed and compared as a string; only what HTTP can't send is changed.
 */
export function resolveDestination(text: string, groups: UrlGroups): Destination {
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) {
    const url = tidyUrl(text);
    if (!isHttpUrl(url)) {
      throw invalid(`invalid destination url "${text}": it has to start with http:// or https://`);
    }
    return { kind: "url", endpoints: [{ url }] };
  }
  if (!/^[A-Za-z0-9._-]+$/.test(text)) throw invalid(`invalid destination "${text}"`);
  const group = groups.find(text);
  if (group === undefined) {
    throw notFound(`"${text}" is neither a URL with http:// or https:// nor a URL group`);
  }
  return { kind: "group", group, endpoints: group.endpoints };
}

/** Drops the fragment and collapses dot segments. */
function tidyUrl(text: string): string {
  const [url = ""] = text.split("#", 1);
  const [path = ""] = url.split("?", 1);
  return /\/\.{1,2}(?:\/|$)/.test(path) && URL.canParse(url) ? new URL(url).href : url;
}
