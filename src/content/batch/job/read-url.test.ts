import { describe, expect, test } from "vitest";
import { readUrl, type ReadUrlOptions } from "./read-url.ts";
import { failed } from "./text-outcome.ts";

const URL_READ = "https://example.com/page";

function answering(response: () => Response | Promise<Response>): ReadUrlOptions["fetch"] {
  return () => Promise.resolve().then(response);
}

function read(response: () => Response | Promise<Response>, timeoutMs = 1000) {
  return readUrl(URL_READ, {
    fetch: answering(response),
    refusal: () => Promise.resolve(null),
    timeoutMs,
  });
}

function page(
  body: ConstructorParameters<typeof Response>[0],
  contentType: string,
  status = 200,
): Response {
  return new Response(body, { status, headers: { "content-type": contentType } });
}

/** A body without end that says whether it was let go. */
function endless(): { body: ReadableStream<Uint8Array>; sent: () => number; gone: () => boolean } {
  let sent = 0;
  let gone = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += 65_536;
      controller.enqueue(new Uint8Array(65_536).fill(0x61));
    },
    cancel: () => {
      gone = true;
    },
  });
  return { body, sent: () => sent, gone: () => gone };
}

describe("readUrl", () => {
  test("what the guard refuses is never fetched", async () => {
    const fetched: string[] = [];
    const outcome = await readUrl(URL_READ, {
      fetch: (url) => {
        fetched.push(url);
        return Promise.resolve(page("text", "text/plain"));
      },
      refusal: () => Promise.resolve(failed("url_refused", "not public")),
    });
    expect(outcome).toEqual({ kind: "failed", code: "url_refused", message: "not public" });
    expect(fetched).toEqual([]);
  });

  test("asks without following redirects, and a redirect is unreachable", async () => {
    const asked: RequestInit[] = [];
    const outcome = await readUrl(URL_READ, {
      fetch: (_url, init) => {
        asked.push(init);
        return Promise.resolve(
          new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } }),
        );
      },
      refusal: () => Promise.resolve(null),
    });
    expect(asked[0]).toMatchObject({ method: "GET", redirect: "manual" });
    expect(outcome).toMatchObject({ code: "url_unreachable" });
  });

  test("plain text, JSON and markup are read, in the character set that the server names", async () => {
    const latin = Uint8Array.of(0x63, 0x61, 0x66, 0xe9);
    expect(await read(() => page("plain", "text/plain"))).toMatchObject({ text: "plain" });
    expect(await read(() => page(latin, "text/plain; charset=ISO-8859-1"))).toMatchObject({
      text: "café",
    });
    expect(await read(() => page('{"a":["x",1]}', "application/json"))).toMatchObject({
      text: "x\n1",
    });
    expect(await read(() => page("<p>read</p>", "text/html; charset=utf-8"))).toMatchObject({
      text: "\n\nread\n\n",
    });
  });

  test("another type, an unknown character set and broken JSON are not text", async () => {
    for (const [body, type] of [
      ["x", "image/png"],
      ["x", ""],
      ["x", "text/plain; charset=klingon"],
      ["{", "application/json"],
    ] as const) {
      expect(await read(() => page(body, type))).toMatchObject({ code: "url_not_text" });
    }
  });

  test("a body of 1 MiB is read; at the first byte more it is let go", async () => {
    const full = "a".repeat(1024 * 1024);
    expect(await read(() => page(full, "text/plain"))).toMatchObject({ kind: "text" });
    const { body, sent, gone } = endless();
    expect(await read(() => page(body, "text/plain"))).toMatchObject({ code: "url_too_large" });
    expect(gone()).toBe(true);
    expect(sent()).toBeLessThan(1.5 * 1024 * 1024);
  });

  test("a body that says it is too large isn't read at all", async () => {
    const { body, gone } = endless();
    const headers = { "content-type": "text/plain", "content-length": "99999999" };
    expect(await read(() => new Response(body, { headers }))).toMatchObject({
      code: "url_too_large",
    });
    expect(gone()).toBe(true);
  });

  test("an error status and a broken connection are unreachable, without the error's words", async () => {
    expect(await read(() => page("gone", "text/plain", 404))).toMatchObject({
      code: "url_unreachable",
      message: "The URL answered 404.",
    });
    const outcome = await read(() => Promise.reject(new Error("connect 10.0.0.7:5432 refused")));
    expect(outcome).toEqual({
      kind: "failed",
      code: "url_unreachable",
      message: "The URL could not be reached.",
    });
  });

  test("a server that is silent is given up", async () => {
    const outcome = await readUrl(URL_READ, {
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
        }),
      refusal: () => Promise.resolve(null),
      timeoutMs: 10,
    });
    expect(outcome).toMatchObject({
      code: "url_unreachable",
      message: "The URL did not answer in time.",
    });
  });
});
