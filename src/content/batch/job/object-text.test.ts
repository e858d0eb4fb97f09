import { describe, expect, test } from "vitest";
import { textOfMarkup } from "./markup-text.ts";
import { leavesOf, textOf } from "./object-text.ts";

function outcomeOf(text: string): string {
  const outcome = textOf({ kind: "text", text });
  return outcome.kind === "text" ? "text" : outcome.code;
}

describe("textOf", () => {
  test("text is taken as it is", () => {
    expect(textOf({ kind: "text", text: " as\tit is\n" })).toEqual({
      kind: "text",
      text: " as\tit is\n",
    });
  });

  test("a blank text is empty, whatever kind of white space it is", () => {
    for (const text of ["", " \n\t", "\u00a0\u3000\ufeff"])
      expect(outcomeOf(text)).toBe("empty_text");
  });

  test("a NUL character, or more than a tenth of control characters, is no text", () => {
    expect(outcomeOf("PK\u0000\u0001")).toBe("not_text");
    expect(outcomeOf(`${"a".repeat(89)}${"\ufffd".repeat(11)}`)).toBe("not_text");
    expect(outcomeOf(`${"a".repeat(90)}${"\ufffd".repeat(10)}`)).toBe("text");
  });

  test("a JSON value is its strings, numbers and booleans in order, without the keys", () => {
    const json = { title: "A", tags: ["b", { deep: "c" }], price: 3.5, sold: true, none: null };
    expect(textOf({ kind: "json", json })).toEqual({ kind: "text", text: "A\nb\nc\n3.5\ntrue" });
  });

  test("a JSON value without leaves has no text", () => {
    for (const json of [null, {}, [[]], { a: "" }]) {
      expect(textOf({ kind: "json", json })).toMatchObject({ code: "empty_text" });
    }
  });

  test("a JSON value may be nested deeper than the call stack", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(5000)}"end"${"]".repeat(5000)}`);
    expect(leavesOf(deep)).toBe("end");
  });
});

describe("textOfMarkup", () => {
  test("is what a person reads: no tags, comments, scripts or styles", () => {
    const html =
      "<!doctype html><html><head><title>Tea</title><style>p{}</style></head><body>" +
      "<!-- no --><p>Fish &amp; <b>ch</b>ips</p><script>if (a < b) x('</p>')</script><p>1 < 2</p>";
    const read = textOfMarkup(html)
      .trim()
      .split(/\n\s*\n/);
    expect(read.map((part) => part.trim())).toEqual(["Tea", "Fish & chips", "1 < 2"]);
  });

  test("XML's CDATA is text, and unknown entities stay as they are", () => {
    expect(textOfMarkup("<a><![CDATA[x < y]]></a>&#233;&#x41;&nope;&#0;")).toBe("x < yéA&nope; ");
  });

  test("every named entity of HTML is known", () => {
    expect(textOfMarkup("caf&eacute; &rarr; &NotEqualTilde; 1&euro;, AT&T, a&ampb")).toBe(
      "café → ≂̸ 1€, AT&T, a&b",
    );
  });

  test("a tag ends where a browser ends it, whatever its attributes hold", () => {
    expect(textOfMarkup('<p title="a > b">read</p>').trim()).toBe("read");
  });

  test("a script ends at its own end tag and at no other", () => {
    expect(textOfMarkup("<script>no</scripty>no</script >read").trim()).toBe("read");
    expect(textOfMarkup("<script src=a/>no</script>read").trim()).toBe("read");
    expect(textOfMarkup('<script src="a.js"/>no</script>read').trim()).toBe("read");
    expect(textOfMarkup('<script src="a.js"/>read', "xhtml").trim()).toBe("read");
    expect(textOfMarkup("<svg><svg></svg>no</svg><svg/>read").trim()).toBe("read");
  });

  test("a feed's title may be CDATA, and its elements may be empty", () => {
    const feed = "<?xml version='1.0'?><item><script/><title><![CDATA[a < b]]></title>&lt;c</item>";
    expect(textOfMarkup(feed, "xml").replaceAll(/\s+/g, " ").trim()).toBe("a < b <c");
  });

  test("markup that never ends takes linear time", () => {
    const parts = [
      "<script>",
      "<!--",
      "<![CDATA[",
      "<a ",
      "</",
      "&#",
      "<",
      "<i>",
      "<svg>",
      "<p></b>",
    ];
    for (const part of parts) {
      const began = performance.now();
      textOfMarkup(part.repeat(1_000_000 / part.length));
      expect(performance.now() - began).toBeLessThan(2000);
    }
  });
});
