import { Tokenizer } from "htmlparser2";

/** Elements whose content nobody reads. */
const UNREAD = new Set("iframe noembed noframes script style svg template".split(" "));

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

/** How a body is read: by HTML's rules, by those with XML's empty elements, or as plain XML. */
export type MarkupKind = "html" | "xhtml" | "xml";

/** What a reference to a character that doesn't exist, such as `&#0;`, stands for in HTML. */
const REPLACEMENT_CHARACTER = 0xfffd;

/**
 * The text that a person would read in HTML or XML: no tags, comments, scripts or styles, with
 * paragraphs kept apart. One pass in linear time, since the page is a stranger's: the library's
 * tokenizer, without its parser, which searches all open elements at each end tag.
 */
export function textOfMarkup(markup: string, kind: MarkupKind = "html"): string {
  const parts: string[] = [];
  let tag = "";
  // The unread element that the tokenizer is in, and how many of its name are open.
  let unread: string | null = null;
  let depth = 0;

  const add = (text: string) => {
    if (unread === null) parts.push(text);
  };
  const enter = () => {
    if (unread === null && UNREAD.has(tag)) unread = tag;
    if (unread === tag) depth++;
  };
  const leave = (name: string) => {
    if (unread === name && --depth === 0) unread = null;
  };

  const tokenizer = new Tokenizer(
    { xmlMode: kind === "xml", recognizeSelfClosing: kind !== "html" },
    {
      ontext: (start, end) => add(markup.slice(start, end)),
      ontextentity: (code) =>
        add(code === REPLACEMENT_CHARACTER ? " " : String.fromCodePoint(code)),
      oncdata: (start, end, endOffset) => add(markup.slice(start, end - endOffset)),
      // Pages use CDATA outside of SVG too; a browser would take it for a comment.
      isInForeignContext: () => true,
      onopentagname: (start, end) => {
        tag = markup.slice(start, end).toLowerCase();
        add(separatorOf(tag));
      },
      onopentagend: enter,
      // HTML itself ignores the slash but for SVG: `<script src="a.js"/>` has begun a script.
      onselfclosingtag: () => {
        if (kind === "html" && tag !== "svg") enter();
      },
      onclosetag: (start, end) => {
        const name = markup.slice(start, end).toLowerCase();
        add(separatorOf(name));
        leave(name);
      },
      ondeclaration: () => add(" "),
      onprocessinginstruction: () => add(" "),
      oncomment: nothing,
      onattribname: nothing,
      onattribdata: nothing,
      onattribentity: nothing,
      onattribend: nothing,
      onend: nothing,
    },
  );
  tokenizer.write(markup);
  tokenizer.end();
  return parts.join("");
}

function nothing(): void {}

function separatorOf(name: string): string {
  if (INLINE.has(name)) return "";
  if (LINES.has(name)) return "\n";
  return BLOCKS.has(name) ? "\n\n" : " ";
}
