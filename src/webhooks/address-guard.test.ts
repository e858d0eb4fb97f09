import { describe, expect, test } from "vitest";
import { checkAddress } from "./address-guard.ts";

const inProduction = (url: string) => checkAddress(url, { allowLoopback: false }).kind;
const inDevelopment = (url: string) => checkAddress(url, { allowLoopback: true }).kind;

describe("in production", () => {
  test.each([
    "https://example.com/hooks?a=b",
    "https://example.com:8443/",
    "https://8.8.8.8/",
    "https://172.32.0.1/",
    "https://100.128.0.1/",
    "https://[2606:4700:4700::1111]/",
    "https://internal.example.com/",
    "https://notlocal.example/",
  ])("%s is allowed", (url) => {
    expect(inProduction(url)).toBe("allowed");
  });

  test.each([
    ["plain http", "http://example.com/"],
    ["another scheme", "ftp://example.com/"],
    ["no URL", "example.com"],
    ["a user", "https://user@example.com/"],
    ["a password", "https://user:secret@example.com/"],
    ["a private 10 address", "https://10.1.2.3/"],
    ["a private 172.16 address", "https://172.31.255.255/"],
    ["a private 192.168 address", "https://192.168.0.1/"],
    ["loopback", "https://127.0.0.1/"],
    ["loopback elsewhere", "https://127.9.9.9/"],
    ["the unspecified address", "https://0.0.0.0/"],
    ["link-local metadata", "https://169.254.169.254/latest/meta-data"],
    ["carrier-grade NAT", "https://100.100.100.200/"],
    ["Azure's metadata", "https://168.63.129.16/"],
    ["multicast", "https://224.0.0.1/"],
    ["broadcast", "https://255.255.255.255/"],
    ["decimal IPv4", "https://2130706433/"],
    ["octal IPv4", "https://0177.0.0.1/"],
    ["hexadecimal IPv4", "https://0x7f.0.0.1/"],
    ["hexadecimal IPv4 in one", "https://0x7f000001/"],
    ["shortened IPv4", "https://127.1/"],
    ["IPv4 with the root's dot", "https://127.0.0.1./"],
    ["full-width digits", "https://１２７.0.0.1/"],
    ["IPv6 loopback", "https://[::1]/"],
    ["the unspecified IPv6 address", "https://[::]/"],
    ["IPv4-mapped IPv6", "https://[::ffff:127.0.0.1]/"],
    ["IPv4-mapped IPv6 of a public address", "https://[::ffff:8.8.8.8]/"],
    ["IPv4-compatible IPv6", "https://[::127.0.0.1]/"],
    ["NAT64", "https://[64:ff9b::7f00:1]/"],
    ["6to4", "https://[2002:7f00:1::]/"],
    ["Teredo", "https://[2001:0:1::1]/"],
    ["IPv6 documentation", "https://[2001:db8::1]/"],
    ["IPv6 unique local metadata", "https://[fd00:ec2::254]/"],
    ["IPv6 link-local", "https://[fe80::1]/"],
    ["IPv6 multicast", "https://[ff02::1]/"],
    ["localhost", "https://localhost/"],
    ["localhost with the root's dot", "https://localhost./"],
    ["a name under localhost", "https://a.localhost/"],
    ["a .local name", "https://printer.local/"],
    ["a .internal name", "https://metadata.google.internal/"],
    ["a name of one label", "https://metadata/"],
  ])("%s is refused", (_what, url) => {
    expect(inProduction(url)).toBe("refused");
  });
});

describe("in development", () => {
  test.each([
    "http://localhost:3000/",
    "https://localhost/",
    "http://127.0.0.1:3000/",
    "http://[::1]:3000/",
    "https://example.com/",
  ])("%s is allowed", (url) => {
    expect(inDevelopment(url)).toBe("allowed");
  });

  test.each([
    "http://example.com/",
    "http://10.0.0.1/",
    "https://192.168.0.1/",
    "http://[::ffff:127.0.0.1]/",
    "http://user@localhost/",
    "ftp://localhost/",
  ])("%s is refused still", (url) => {
    expect(inDevelopment(url)).toBe("refused");
  });
});
