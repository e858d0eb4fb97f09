import { isLoopbackAddress, isPublicAddress } from "./address-ranges.ts";

/** Whether a URL may be sent to; a refusal says why, for a person. */
export type AddressVerdict =
  | { readonly kind: "allowed"; readonly url: URL }
  | { readonly kind: "refused"; readonly reason: string };

/** Names that only mean something inside a network (RFC 6761, 6762, 8375; ICANN for .internal). */
const PRIVATE_SUFFIXES = ["localhost", "local", "internal", "localdomain", "home.arpa"] as const;

/**
 * Decides whether Waybill may send to a URL, so that nobody uses it to reach what only its own
 * network can (server-side request forgery): https only, no credentials, no address literal that
 * isn't public, no name that is private by convention. `new URL` has already turned decimal,
 * octal, hexadecimal and shortened IPv4 hosts into the dotted form (WHATWG URL, host parsing).
 *
 * Limits: a public name may still resolve to a private address. Workers' own `fetch` doesn't reach
 * private networks, and no name is looked up before an attempt.
 *
 * `allowLoopback` (development) lets loopback hosts through, by http or https.
 */
export function checkAddress(
  text: string,
  options: { readonly allowLoopback: boolean },
): AddressVerdict {
  if (!URL.canParse(text)) return refused("it is not an absolute URL");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return refused("it must be https");
  if (url.username !== "" || url.password !== "") {
    return refused("it must not hold credentials; use a header");
  }
  // A name may end in the root's dot and means the same: "localhost." is localhost.
  const host = url.hostname.toLowerCase().replace(/\.+$/, "");
  if (options.allowLoopback && isLoopbackHost(host)) return { kind: "allowed", url };
  if (url.protocol !== "https:") return refused("it must be https");
  return isPublicHost(host) ? { kind: "allowed", url } : refused("its host is not a public one");
}

function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || isLoopbackAddress(host);
}

function isPublicHost(host: string): boolean {
  const isAddress = host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
  if (isAddress) return isPublicAddress(host);
  // A name of one label is looked up in the local search domains: "metadata", "intranet".
  if (!host.includes(".")) return false;
  return !PRIVATE_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
}

function refused(reason: string): AddressVerdict {
  return { kind: "refused", reason };
}
