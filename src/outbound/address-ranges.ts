import ipaddr from "ipaddr.js";

type Address = ReturnType<typeof ipaddr.parse>;
type Block = ReturnType<typeof ipaddr.parseCIDR>;

/**
 * IPv4 blocks that are not public: the IANA registry of special-purpose addresses, multicast, and
 * what clouds put their metadata behind.
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/ipv4-address-space (224.0.0.0/4)
 */
const NOT_PUBLIC_V4: readonly Block[] = [
  "0.0.0.0/8", // "this network", and the unspecified address
  "10.0.0.0/8", // private (RFC 1918)
  "100.64.0.0/10", // carrier-grade NAT (RFC 6598); Alibaba's metadata
  "127.0.0.0/8", // loopback
  "168.63.129.16/32", // Azure's host and metadata, inside a public block
  "169.254.0.0/16", // link-local (RFC 3927); most clouds' metadata
  "172.16.0.0/12", // private
  "192.0.0.0/24", // IETF protocol assignments; Oracle's metadata
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // 6to4 relays, deprecated
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks (RFC 2544)
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and the broadcast address
].map((block) => ipaddr.parseCIDR(block));

/** All global unicast IPv6 addresses so far: https://www.iana.org/assignments/ipv6-address-space */
const GLOBAL_UNICAST_V6 = ipaddr.parseCIDR("2000::/3");

/**
 * Blocks inside global unicast that are not public. Outside of it stand loopback, the unspecified
 * address, IPv4-compatible (::/96), IPv4-mapped (::ffff:0:0/96) and IPv4-translated
 * (::ffff:0:0:0/96) forms, NAT64 (64:ff9b::/96, and 64:ff9b:1::/48 of RFC 8215), discard-only
 * (100::/64), segment routing (5f00::/16), unique local (fc00::/7), link-local (fe80::/10),
 * site-local (fec0::/10) and multicast (ff00::/8): refused without being named.
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const NOT_PUBLIC_V6: readonly Block[] = [
  "2001::/23", // IETF protocol assignments: Teredo, ORCHID, benchmarks
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4: carries any IPv4 address
  "3fff::/20", // documentation
].map((block) => ipaddr.parseCIDR(block));

const LOOPBACK_V4 = ipaddr.parseCIDR("127.0.0.0/8");
const LOOPBACK_V6 = ipaddr.parseCIDR("::1/128");

/**
 * An address in the form in which `URL.hostname` writes it, IPv6 in brackets; null for what is no
 * address. Takes the forms that a resolver answers with; of IPv4 only the dotted decimal one.
 */
export function canonicalAddress(text: string): string | null {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    return URL.parse(`http://${text}/`)?.hostname === text ? text : null;
  }
  if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) return null;
  return URL.parse(`http://[${text}]/`)?.hostname ?? null;
}

/** Whether the host of a URL is an address literal, in the form in which `URL.hostname` writes it. */
export function isAddressLiteral(host: string): boolean {
  return host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

/** Whether the host of a URL is a loopback address literal; false for a name. */
export function isLoopbackAddress(host: string): boolean {
  if (!isAddressLiteral(host)) return false;
  const address = parse(host);
  return isWithin(address, LOOPBACK_V4) || isWithin(address, LOOPBACK_V6);
}

/** Whether the Internet routes an address; false for what is none. */
export function isPublicAddress(text: string): boolean {
  const host = canonicalAddress(text.replace(/^\[|\]$/g, ""));
  if (host === null) return false;
  const address = parse(host);
  return host.startsWith("[")
    ? isWithin(address, GLOBAL_UNICAST_V6) &&
        !NOT_PUBLIC_V6.some((block) => isWithin(address, block))
    : !NOT_PUBLIC_V4.some((block) => isWithin(address, block));
}

/** Takes an address in the one form that `URL.hostname` has for it; the library would take more. */
function parse(host: string): Address {
  return ipaddr.parse(host.replace(/^\[|\]$/g, ""));
}

function isWithin(address: Address, [network, prefixBits]: Block): boolean {
  return address.kind() === network.kind() && address.match(network, prefixBits);
}
