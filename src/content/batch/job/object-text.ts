import type { ObjectContent } from "../../objects/object-store.ts";
import { failed, type TextOutcome } from "./text-outcome.ts";

/** A text with more control and replacement characters than this is a binary file, wrongly decoded. */
const MAX_ODD_SHARE = 0.1;

/** The text of a content that is at hand; that of a URL is read by `read-url.ts`. */
export function textOf(content: Exclude<ObjectContent, { readonly kind: "url" }>): TextOutcome {
  return checkText(content.kind === "text" ? content.text : leavesOf(content.json));
}

/** Refuses what is blank, and what only claims to be text. */
export function checkText(text: string): TextOutcome {
  let odd = 0;
  let blank = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0) return failed("not_text", "The text contains a NUL character.");
    if (isOdd(code)) odd++;
    else if (blank && code > 0x20) blank = false;
  }
  if (odd > text.length * MAX_ODD_SHARE) {
    return failed("not_text", "More than 10 % of the text is control or replacement characters.");
  }
  if (blank || text.trim() === "") return failed("empty_text", "The object has no text.");
  return { kind: "text", text };
}

/**
 * The strings, numbers and booleans in a JSON value, each on a line of its own, in document order;
 * keys are left out, since they are the same in every object of a kind. It keeps a stack of its
 * own: a value from a URL may be nested deeper than a recursion can go.
 */
export function leavesOf(json: unknown): string {
  const leaves: string[] = [];
  const open: unknown[] = [json];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string") leaves.push(value);
    else if (typeof value === "number" || typeof value === "boolean") leaves.push(String(value));
    else if (typeof value === "object" && value !== null) {
      const children: unknown[] = Object.values(value);
      for (let index = children.length - 1; index >= 0; index--) open.push(children[index]);
    }
  }
  return leaves.join("\n");
}

/** C0 and C1 controls but white space (and ESC, which terminals' logs hold), and U+FFFD. */
function isOdd(code: number): boolean {
  if (code < 0x20) return !((code >= 0x09 && code <= 0x0d) || code === 0x1b);
  return (code >= 0x7f && code <= 0x9f) || code === 0xfffd;
}
