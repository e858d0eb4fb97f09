/** Elements whose content nobody reads. */
const UNREAD = new Set(["script", "style", "template", "svg"]);

/** Tags that stand within a word or a sentence. */
const INLINE = new Set(
  "a abbr b bdi bdo cite code em font i kbd mark q s samp small span strong sub sup u var wbr".split(
    " ",
  ),
);

/** Tags that end a line. */
const LINES = new Set("br dd dt li option tr".split(" "));

/** Tags that end a paragraph. */
const BLOCKS = new Set(
  (
    "address article aside blockquote body dl div fieldset figcaption figure footer form h1 h2 h3 " +
    "h4 h5 h6 head header hr html main nav ol p pre section table title ul"
  ).split(" "),
);

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
};

/**
 * The text that a person would read in HTML or XML: no tags, comments, scripts or styles, with
 * paragraphs kept apart. One pass without backtracking, since the page is a stranger's. It is no
 * parser: a ">" inside an attribute ends the tag early, which costs a few stray words.
 */
export function textOfMarkup(markup: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < markup.length) {
    const open = markup.indexOf("<", at);
    if (open === -1) {
      parts.push(decoded(markup.slice(at)));
      break;
    }
    if (open > at) parts.push(decoded(markup.slice(at, open)));
    at = afterTag(markup, open, parts);
  }
  return parts.join("");
}

/** Goes past what begins at `open`, a "<", and adds what of it is read. */
function afterTag(markup: string, open: number, parts: string[]): number {
  if (markup.startsWith("<!--", open)) return after(markup, "-->", open + 4);
  if (markup.startsWith("<![CDATA[", open)) {
    const end = after(markup, "]]>", open + 9);
    parts.push(markup.slice(open + 9, end).replace(/\]\]>$/, ""));
    return end;
  }
  const head = /^<(?:(\/?)([a-z][a-z0-9]*)|[/!?])/i.exec(markup.slice(open, open + 24));
  if (head === null) {
    parts.push("<");
    return open + 1;
  }
  const name = (head[2] ?? "").toLowerCase();
  parts.push(separatorOf(name));
  const end = after(markup, ">", open + 1);
  if (head[1] === "/" || !UNREAD.has(name) || markup[end - 2] === "/") return end;
  return afterElement(markup, name, end);
}

/** The place after the end tag of an element whose content isn't read. */
function afterElement(markup: string, name: string, from: number): number {
  let at = from;
  for (;;) {
    const close = markup.indexOf("</", at);
    if (close === -1) return markup.length;
    at = close + 2;
    if (markup.slice(at, at + name.length).toLowerCase() === name) return after(markup, ">", at);
  }
}

function separatorOf(name: string): string {
  if (INLINE.has(name)) return "";
  if (LINES.has(name)) return "\n";
  return BLOCKS.has(name) ? "\n\n" : " ";
}

/** The place after the next `end`; the text's end when it never comes. */
function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found === -1 ? text.length : found + end.length;
}

function decoded(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,6});/gi, (whole, name: string) => {
    const entity = name.toLowerCase();
    if (!entity.startsWith("#")) return ENTITIES[entity] ?? whole;
    const code = Number(entity.startsWith("#x") ? `0${entity.slice(1)}` : entity.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : " ";
  });
}
