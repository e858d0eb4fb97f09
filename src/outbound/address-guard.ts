import { isAddressLiteral, isLoopbackAddress, isPublicAddress } from "./address-ranges.ts";

/** Whether a URL may be sent to; a refusal says why, for a person. */
export type AddressVerdict =
  | { readonly kind: "allowed"; readonly url: URL }
  | { readonly kind: "refused"; readonly reason: string };

/** A deployment's rules for addresses. */
export type AddressRules = {
  /** Development only: allows hosts on loopback, by http or https, on any port. */
  readonly allowLoopback: boolean;
  /**
   * The deployment's own and other blocked hosts, in lower case; a name includes every name under
   * it. A host on loopback includes its port.
   */
  readonly ownHosts: readonly string[];
};

/** Below the length that servers and proxies should support (RFC 9110, section 4.1: 8,000). */
const MAX_LENGTH = 2048;

/** Scheme and authority, the latter up to what ends it: RFC 3986, section 3.2. */
const SCHEME_AND_AUTHORITY = /^(https?):\/\/([^/?#]+)/i;

/** A bracketed IPv6 address or a name or IPv4 address, and a port without leading zeros. */
const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[1-9]\d{0,4})?$/i;

/** Letters, digits and hyphens (RFC 1123, section 2.1), and the underscore that is in use. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** RFC 1035, section 2.3.4, in the written form without the root's dot. */
const MAX_NAME_LENGTH = 253;

/**
 * Names that only mean something inside a network or nowhere: special-use names (RFC 6761, 6762,
 * 7686, 8375, 9476, all of .arpa), ICANN's .internal, those that ICANN won't delegate because
 * networks use them (SSAC 113 and its 2018 resolution: home, corp, mail), Kubernetes' `svc`, and
 * what else is common (RFC 6762, appendix G).
 */
const PRIVATE_SUFFIXES: readonly string[] = [
  "localhost",
  "local",
  "localdomain",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "mail",
  "svc",
  "arpa",
  "alt",
  "invalid",
  "onion",
  "test",
  // Google Cloud's metadata by a public name.
  "metadata.goog",
];

/** Below it only https's own port is allowed: 22, 25, 53 and others belong to other protocols. */
const FIRST_FREE_PORT = 1024;

/** Those of `fetch`'s blocked ports that are above: https://fetch.spec.whatwg.org/#port-blocking */
const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
  6679, 6697, 10_080,
]);

/**
 * Decides by a URL's text alone whether Waybill may send to it, so nobody can use it to reach its
 * internal network (server-side request forgery, OWASP's cheat sheet): https, no credentials, no
 * address that isn't public, no name that is private by convention, none of the deployment's own
 * hosts. Where a name leads is `lookUpHost`'s question.
 *
 * Unusual notation is refused and never normalized: parsers disagree on it, and honest URLs don't
 * need it. So the host must be written as `new URL` writes it itself (WHATWG URL, host parsing),
 * but for upper case: not decimal, octal, hexadecimal or shortened, no dot at its end, no percent
 * sign, nothing outside ASCII. An internationalized name is given in its `xn--` form.
 */
export function checkAddress(text: string, rules: AddressRules): AddressVerdict {
  if (text.length > MAX_LENGTH) return refused(`it is longer than ${MAX_LENGTH} characters`);
  // `new URL` drops tabs and line breaks, and treats a backslash as a slash.
  if (!/^[\x21-\x7e]*$/.test(text) || text.includes("\\")) {
    return refused("expected printable ASCII without spaces or backslashes; percent-encode others");
  }
  const [, scheme, authority] = SCHEME_AND_AUTHORITY.exec(text) ?? [];
  const url = URL.parse(text);
  if (scheme === undefined || authority === undefined || url === null) {
    return refused("expected an absolute https URL with a host");
  }
  if (authority.includes("@")) return refused("it must not hold credentials; use a header");
  const host = HOST_AND_PORT.exec(authority)?.[1]?.toLowerCase();
  if (host === undefined || host !== url.hostname || host.endsWith(".")) {
    return refused("its host is not in its plain form: a name, 192.0.2.1 or [2001:db8::1]");
  }
  const isLoopback = isLoopbackHost(host);
  if (isOwn(url, isLoopback, rules.ownHosts))
    return refused("its host must not be one of this service's own");
  if (rules.allowLoopback && isLoopback) return { kind: "allowed", url };
  if (url.protocol !== "https:") return refused("it must be https");
  if (!isPublicHost(host)) return refused("its host is not a public one");
  if (!isFreePort(url.port)) {
    return refused(`its port is not 443 or a free one from ${FIRST_FREE_PORT} on`);
  }
  return { kind: "allowed", url };
}

/** Whether a host is one of `ownHosts` or a name under it; `host` has a port only on loopback. */
export function isOwnHost(host: string, ownHosts: readonly string[]): boolean {
  return ownHosts.some((own) => host === own || host.endsWith(`.${own}`));
}

/** Whether a host, as `URL.hostname` writes it, is this machine by name or by address. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || isLoopbackAddress(host);
}

/**
 * A URL as an entry of {@link AddressRules}'s `ownHosts`. On loopback a deployment is its port,
 * whatever the host is called: its neighbours on the same machine are not the deployment.
 */
export function ownHostOf(url: string): string {
  const { hostname, port } = new URL(url);
  return isLoopbackHost(hostname) ? `loopback:${port}` : hostname;
}

function isOwn(url: URL, isLoopback: boolean, ownHosts: readonly string[]): boolean {
  return isOwnHost(isLoopback ? `loopback:${url.port}` : url.hostname, ownHosts);
}

function isPublicHost(host: string): boolean {
  if (isAddressLiteral(host)) return isPublicAddress(host);
  // A name of one label is looked up in the local search domains: "metadata", "intranet".
  if (!host.includes(".") || host.length > MAX_NAME_LENGTH) return false;
  return host.split(".").every(isUnambiguousLabel) && !isOwnHost(host, PRIVATE_SUFFIXES);
}

/**
 * Whether a label is the one way to write what it stands for. Punycode must be what the URL parser
 * makes of its letters: it can also spell what software that decodes it would read as "localhost".
 * The parser takes a host in ASCII as it stands; beside a letter outside of ASCII it checks every
 * label (Unicode Technical Standard 46, section 4).
 */
function isUnambiguousLabel(label: string): boolean {
  if (!LABEL.test(label)) return false;
  if (!label.startsWith("xn--")) return true;
  // A delimiter with nothing before it, which no encoder writes: decoders differ over it.
  if (/^xn---[^-]*$/.test(label)) return false;
  return URL.parse(`https://${label}.ü/`)?.hostname === `${label}.xn--tda`;
}

function isFreePort(port: string): boolean {
  return port === "" || (Number(port) >= FIRST_FREE_PORT && !BLOCKED_PORTS.has(Number(port)));
}

function refused(reason: string): AddressVerdict {
  return { kind: "refused", reason };
}
