import { domainToASCII } from "node:url";
import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { checkAddress, ownHostOf } from "./address-guard.ts";
import { canonicalAddress, isPublicAddress } from "./address-ranges.ts";
import { ALLOWED, REFUSED, sourceOf } from "../../test/webhooks/addresses.ts";

const ownHosts = [ownHostOf("https://waybill.example.com"), "backoffice.example.org"];
const inProduction = (url: string) => checkAddress(url, { allowLoopback: false, ownHosts });
const inDevelopment = (url: string) =>
  checkAddress(url, { allowLoopback: true, ownHosts: [ownHostOf("http://localhost:8787")] }).kind;

describe("in production", () => {
  test.each(ALLOWED)("%s is allowed", (url) => {
    expect(inProduction(url)).toMatchObject({ kind: "allowed" });
  });

  test.each(REFUSED)("%s is refused: %j (%s)", (_trick, url, source) => {
    const verdict = inProduction(url);
    expect(verdict.kind, sourceOf(source)).toBe("refused");
    expect(verdict).toMatchObject({ reason: expect.stringMatching(/^(it|its|expected) /) });
  });

  test("at least 150 different addresses are tried, and each says where its trick is from", () => {
    expect(new Set(REFUSED.map(([, url]) => url)).size).toBe(REFUSED.length);
    expect(new Set(REFUSED.map(([trick]) => trick)).size).toBe(REFUSED.length);
    expect(REFUSED.length).toBeGreaterThanOrEqual(150);
    for (const [trick, , source] of REFUSED) {
      expect(sourceOf(source), trick).toMatch(
        /^(https:|RFC \d|CVE-\d{4}-\d{4,}|Orange Tsai|this )/,
      );
    }
  });
});

describe("in development", () => {
  test.each([
    "http://localhost:3000/",
    "http://localhost:80/",
    "https://localhost/",
    "http://127.0.0.1:3000/",
    "http://[::1]:3000/",
    "http://a.localhost:3000/",
    "https://example.com/",
  ])("%s is allowed", (url) => {
    expect(inDevelopment(url)).toBe("allowed");
  });

  test.each([
    "http://example.com/",
    "http://10.0.0.1/",
    "https://192.168.0.1/",
    "http://[::ffff:7f00:1]/",
    "http://user@localhost/",
    "http://127.1:3000/",
    "http://localhost.:3000/",
    "ftp://localhost/",
    "http://localhost:8787/v1/keys",
    "http://127.0.0.1:8787/v1/keys",
    "http://[::1]:8787/",
  ])("%s is refused still", (url) => {
    expect(inDevelopment(url)).toBe("refused");
  });
});

const verdictOn = (label: string) => inProduction(`https://${label}.com/`).kind;

describe("a label in punycode", () => {
  // RFC 3492, section 7.1: (A), (C), (I) and (L) in lower case.
  test.each([
    "xn--egbpdaj6bu4bxfgehfvwxn",
    "xn--ihqwctvzc91f659drss3x8bo0yb",
    "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l",
    "xn--3b-ww4c5e180e575a65lsy2b",
  ])("%s is allowed", (label) => {
    expect(verdictOn(label)).toBe("allowed");
  });

  test("is allowed when the URL parser wrote it", () => {
    const letters = fc.string({
      unit: fc.constantFrom(...Array.from("abcäöüßéñøłжшяλωअक中文字日本語한국")),
      minLength: 1,
      maxLength: 15,
    });
    fc.assert(
      fc.property(letters, (text) => {
        const label = domainToASCII(text);
        if (label.startsWith("xn--")) expect(verdictOn(label), text).toBe("allowed");
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(["xn--a", "xn--99999999", "xn---91cb", "xn---a", "xn--localhost-"])(
    "%s is refused: no encoder writes it",
    (label) => {
      expect(verdictOn(label)).toBe("refused");
    },
  );

  test("is judged, whatever it is", () => {
    const tails = fc.string({ unit: fc.constantFrom(...Array.from("abcxyz019-")), maxLength: 59 });
    fc.assert(fc.property(tails, (tail) => void verdictOn(`xn--${tail}`)));
  });
});

/** What the tables of `ipaddr.js` know to be special, held against our own: an oracle of other hands. */
const special = (address: ipaddr.IPv4 | ipaddr.IPv6) => address.range() !== "unicast";

describe("an address", () => {
  const octets = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 });
  const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), {
    minLength: 8,
    maxLength: 8,
  });
  const prefixes = fc.constantFrom(0x2001, 0x2002, 0x3fff, 0x64, 0x100, 0xfe80, 0xfc00, 0x2620);

  test("that ipaddr.js takes for special is never public", () => {
    fc.assert(
      fc.property(octets, (bytes) => {
        const address = new ipaddr.IPv4(bytes);
        if (special(address)) expect(isPublicAddress(address.toString())).toBe(false);
      }),
      { numRuns: 5_000 },
    );
    fc.assert(
      fc.property(prefixes, groups, (first, [, ...rest]) => {
        const address = new ipaddr.IPv6([first, ...rest]);
        if (special(address)) expect(isPublicAddress(address.toString())).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  test("is read in any form that a resolver writes, and nothing else is one", () => {
    expect(canonicalAddress("8.8.8.8")).toBe("8.8.8.8");
    expect(canonicalAddress("2606:4700:4700:0:0:0:0:1111")).toBe("[2606:4700:4700::1111]");
    expect(canonicalAddress("::FFFF:127.0.0.1")).toBe("[::ffff:7f00:1]");
    for (const text of ["", "127.1", "0177.0.0.1", "256.1.1.1", "1.2.3.4.", "::1::", "a.b.c.d"]) {
      expect(canonicalAddress(text), text).toBeNull();
      expect(isPublicAddress(text), text).toBe(false);
    }
  });
});
