import { describe, expect, test, vi } from "vitest";
import { lookUpHost, LOOK_UP_TIMEOUT_MS, type LookUpRules } from "./look-up-host.ts";

const RULES: LookUpRules = {
  allowLoopback: false,
  ownHosts: ["waybill.example.com"],
  dnsResolverUrl: "https://resolver.example/dns-query?key=1",
};
const A = 1;
const CNAME = 5;
const AAAA = 28;

type Record = { readonly type: number; readonly data: string; readonly TTL?: number };
type Reply = { readonly status?: number; readonly records?: readonly Record[] } | Error;

/** A resolver that gives these records to both questions, and the time to ask it at. */
function resolver(replies: { readonly a?: Reply; readonly aaaa?: Reply }) {
  const memory = new Map<string, number>();
  const world = { replies, nowMs: 1_000_000 };
  const fetch = vi.fn((url: string, _init: RequestInit) => {
    const reply =
      new URL(url).searchParams.get("type") === "A" ? world.replies.a : world.replies.aaaa;
    if (reply instanceof Error) return Promise.reject(reply);
    const Answer = reply?.records?.map((record) => ({ name: "x.", TTL: 300, ...record }));
    return Promise.resolve(Response.json({ Status: reply?.status ?? 0, TC: false, Answer }));
  });
  const look = (url = "https://hooks.example.com/in", rules = RULES) =>
    lookUpHost({
      url: new URL(url),
      rules,
      runtime: { fetch, now: () => new Date(world.nowMs) },
      memory,
    });
  return { look, fetch, world };
}

const a = (...data: string[]): Reply => ({ records: data.map((one) => ({ type: A, data: one })) });
const aaaa = (...data: string[]): Reply => ({
  records: data.map((one) => ({ type: AAAA, data: one })),
});

describe("a host", () => {
  test("is public when every address is, and both kinds are asked for", async () => {
    const { look, fetch } = resolver({ a: a("8.8.8.8", "1.1.1.1"), aaaa: aaaa("2001:4860::1") });
    expect(await look()).toEqual({ kind: "public" });
    expect(fetch.mock.calls.map(([url]) => url)).toEqual([
      "https://resolver.example/dns-query?key=1&name=hooks.example.com&type=A",
      "https://resolver.example/dns-query?key=1&name=hooks.example.com&type=AAAA",
    ]);
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({
      headers: { accept: "application/dns-json" },
      redirect: "manual",
    });
  });

  test.each<[string, { a?: Reply; aaaa?: Reply }]>([
    ["a private address", { a: a("10.0.0.1") }],
    ["one private address among public ones", { a: a("8.8.8.8", "192.168.1.1", "1.1.1.1") }],
    ["a private IPv6 address beside public IPv4", { a: a("8.8.8.8"), aaaa: aaaa("fd00::1") }],
    ["metadata", { a: a("169.254.169.254") }],
    ["IPv4-mapped loopback", { aaaa: aaaa("::ffff:127.0.0.1") }],
    ["NAT64", { a: a("8.8.8.8"), aaaa: aaaa("64:ff9b::a00:1") }],
    ["an address in upper case and in full", { aaaa: aaaa("FE80:0:0:0:0:0:0:1") }],
    ["no address at all where one should be", { a: a("localhost") }],
    ["IPv4 in octal", { a: a("0177.0.0.1") }],
    [
      "a private address behind a chain of names",
      {
        a: {
          records: [
            { type: CNAME, data: "a.example.net." },
            { type: CNAME, data: "b.example.net." },
            { type: A, data: "10.0.0.1" },
          ],
        },
      },
    ],
    [
      "another name of the deployment",
      {
        a: {
          records: [
            { type: CNAME, data: "WAYBILL.example.com." },
            { type: A, data: "8.8.8.8" },
          ],
        },
      },
    ],
  ])("that leads to %s is refused, and the reason shows no address", async (_what, replies) => {
    const verdict = await resolver(replies).look();
    expect(verdict.kind).toBe("refused");
    expect(JSON.stringify(verdict)).not.toMatch(/\d\.\d|::/);
  });

  test("that doesn't exist or has no address is absent", async () => {
    const gone = { status: 3 };
    expect((await resolver({ a: gone, aaaa: gone }).look()).kind).toBe("absent");
    expect((await resolver({}).look()).kind).toBe("absent");
    const chain = { records: [{ type: CNAME, data: "nowhere.example." }] };
    expect((await resolver({ a: chain, aaaa: chain }).look()).kind).toBe("absent");
  });

  test("is unknown while either question has no answer, whatever the other one says", async () => {
    const failures: Reply[] = [
      { status: 2 },
      { status: 5 },
      new Error("connection refused"),
      new DOMException("…", "TimeoutError"),
    ];
    for (const failure of failures) {
      for (const replies of [
        { a: failure, aaaa: aaaa("2001:4860::1") },
        { a: a("8.8.8.8"), aaaa: failure },
      ]) {
        expect((await resolver(replies).look()).kind).toBe("unknown");
      }
    }
  });

  test.each([
    ["an error", () => new Response("busy", { status: 503 })],
    ["a redirect", () => new Response(null, { status: 302 })],
    ["no JSON", () => new Response("<html>")],
    ["other JSON", () => Response.json({ answer: 42 })],
    ["a cut answer", () => Response.json({ Status: 0, TC: true })],
  ])("is unknown when the resolver answers %s", async (_what, answer) => {
    const verdict = await lookUpHost({
      url: new URL("https://hooks.example.com/in"),
      rules: RULES,
      runtime: { fetch: () => Promise.resolve(answer()), now: () => new Date() },
      memory: new Map(),
    });
    expect(verdict.kind).toBe("unknown");
  });

  test("is asked for with a time-out of 3 s", async () => {
    expect(LOOK_UP_TIMEOUT_MS).toBe(3_000);
    const { look, fetch } = resolver({});
    await look();
    expect(fetch.mock.calls[0]?.[1].signal).toBeInstanceOf(AbortSignal);
  });

  test.each(["https://8.8.8.8/", "https://[2606:4700::1]/"])(
    "that is an address is not asked for: %s",
    async (url) => {
      const { look, fetch } = resolver({});
      expect(await look(url)).toEqual({ kind: "public" });
      expect(fetch).not.toHaveBeenCalled();
    },
  );

  test("on loopback is not asked for in development, and no host is when look-ups are off", async () => {
    const { look, fetch } = resolver({});
    const development = { ...RULES, allowLoopback: true };
    expect(await look("http://localhost:3000/", development)).toEqual({ kind: "public" });
    expect(await look(undefined, { ...RULES, dnsResolverUrl: null })).toEqual({ kind: "public" });
    expect(fetch).not.toHaveBeenCalled();
  });
});

const withTtl = (TTL: number) => ({ a: { records: [{ type: A, data: "8.8.8.8", TTL }] } });

describe("a host that was found public", () => {
  test.each([
    [10, 10],
    [3600, 60],
  ])("with %d s to live is believed for %d s", async (ttl, believed) => {
    const { look, fetch, world } = resolver(withTtl(ttl));
    await look();
    world.replies = { a: a("10.0.0.1") };
    world.nowMs += believed * 1000 - 1;
    expect((await look()).kind).toBe("public");
    expect(fetch).toHaveBeenCalledTimes(2);
    world.nowMs += 1;
    expect((await look()).kind).toBe("refused");
  });

  test("with no time to live is asked for each time", async () => {
    const { look, fetch } = resolver(withTtl(0));
    await look();
    await look();
    expect(fetch).toHaveBeenCalledTimes(4);
  });

  test("is the only one remembered: what was refused or absent is asked for again", async () => {
    const { look, world } = resolver({ a: a("10.0.0.1") });
    expect((await look()).kind).toBe("refused");
    world.replies = { a: { status: 3 }, aaaa: { status: 3 } };
    expect((await look()).kind).toBe("absent");
    world.replies = { a: a("8.8.8.8") };
    expect((await look()).kind).toBe("public");
  });
});
