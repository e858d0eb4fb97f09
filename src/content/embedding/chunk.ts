/** How a text is cut; both in UTF-16 code units. */
export type ChunkOptions = { readonly size: number; readonly overlap: number };

/** A surrogate pair has to fit. */
const MIN_CHUNK_SIZE = 2;

/** How far ahead of a gap its line breaks are counted, so that a sea of blanks costs nothing. */
const GAP_LOOK_AHEAD = 16;

/** How much of an unbroken run is segmented to find where a grapheme ends. */
const GRAPHEME_WINDOW = 64;

/** How good a place is to cut at. */
const INSIDE_WORD = 0;
const WORD = 1;
const LINE = 2;
const SENTENCE = 3;
const PARAGRAPH = 4;

// Only asked where a run without any boundary is longer than a chunk: segmenting the whole text
// takes seven times as long as everything else here (2 MB, Node 24).
const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * Cuts a text into chunks of at most `size` code units, in order, each trimmed and none empty.
 * A chunk ends at the last paragraph in its second half, else at the last sentence, line or word
 * there; a word is cut only when it alone is longer than a chunk, and then between graphemes. The
 * next chunk begins up to `overlap` earlier, at a sentence's or a word's beginning, so that what
 * stands across a cut can be found too.
 *
 * Every word of the text is whole in some chunk (if it fits in one). The same text and options give
 * the same chunks. An overlap of more than half the size counts as half: each chunk then brings at
 * least a quarter of new text, so the time and the sum of all chunks are linear in the text.
 */
export function chunkText(text: string, options: ChunkOptions): string[] {
  const size = Math.floor(options.size);
  if (!(size >= MIN_CHUNK_SIZE)) {
    throw new RangeError(
      `a chunk holds at least ${MIN_CHUNK_SIZE} code units, not ${options.size}`,
    );
  }
  const overlap = Math.min(Math.max(0, Math.floor(options.overlap)), size >> 1);
  const textEnd = trimmedEnd(text);
  const chunks: string[] = [];
  let start = skipSpace(text, 0);
  let covered = start;
  while (covered < textEnd) {
    let end = textEnd - start <= size ? textEnd : cutAt(text, start, covered, size);
    if (end <= covered) {
      // The next word fits only in a chunk of its own: this one goes without an overlap.
      start = skipSpace(text, covered);
      end = textEnd - start <= size ? textEnd : cutAt(text, start, start, size);
      if (end <= start) end = insideWord(text, start, start + size);
    }
    chunks.push(text.slice(start, end));
    covered = skipSpace(text, end);
    start = overlap === 0 ? covered : overlapFrom(text, Math.max(start + 1, end - overlap), end);
    if (start >= end) start = covered;
  }
  return chunks;
}

/** The best place to end the chunk at `start` that brings something after `covered`, or `covered`. */
function cutAt(text: string, start: number, covered: number, size: number): number {
  const limit = start + size;
  const early = Math.max(start + (size >> 1), covered + (size >> 2), covered + 1);
  let best = covered;
  let bestLevel = INSIDE_WORD;
  for (let at = limit; at > covered; at--) {
    if (at < early && bestLevel > INSIDE_WORD) break;
    if (!mayCut(text, at)) continue;
    const level = levelOf(text, at);
    if (level > bestLevel) {
      best = at;
      bestLevel = level;
      if (level === PARAGRAPH) break;
    }
  }
  return best;
}

/** Where the overlap begins: a sentence's beginning at or after `from`, else a word's, else `end`. */
function overlapFrom(text: string, from: number, end: number): number {
  let word = end;
  for (let at = from; at < end; at++) {
    if (isSpace(text.charCodeAt(at))) continue;
    const before = text.charCodeAt(at - 1);
    if (isFullWidthStop(before)) return at;
    if (!isSpace(before)) continue;
    let gap = at - 1;
    while (gap > 0 && at - gap < GAP_LOOK_AHEAD && isSpace(text.charCodeAt(gap - 1))) gap--;
    if (levelOf(text, gap) >= SENTENCE) return at;
    if (word === end) word = at;
  }
  // A run that was cut for want of any boundary (a script without spaces) overlaps all the same.
  if (word === end && !mayCut(text, end)) {
    return insideWord(text, Math.max(0, from - GRAPHEME_WINDOW), from);
  }
  return word;
}

/** Whether a word ends at `at`: white space follows it, or a full-width stop was its end. */
function mayCut(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  if (isFullWidthStop(before)) return true;
  return isSpace(text.charCodeAt(at)) && !isSpace(before);
}

/** How good the boundary at `at` is; `at` is one where {@link mayCut} holds. */
function levelOf(text: string, at: number): number {
  let lines = 0;
  let next = at;
  while (next < text.length && next - at < GAP_LOOK_AHEAD && isSpace(text.charCodeAt(next))) {
    if (text.charCodeAt(next) === LINE_FEED) lines++;
    next++;
  }
  if (lines > 1) return PARAGRAPH;
  if (isFullWidthStop(text.charCodeAt(at - 1))) return SENTENCE;
  // "e.g. this" is no end of a sentence: a small letter follows.
  if (endsSentence(text, at) && !isSmallLetter(text.charCodeAt(next))) return SENTENCE;
  return lines === 1 ? LINE : WORD;
}

/** Whether a stop stands before `at`, perhaps with closing quotes or brackets between. */
function endsSentence(text: string, at: number): boolean {
  let before = at - 1;
  while (before > 0 && at - before < 4 && CLOSING.includes(text.charAt(before))) before--;
  return before >= 0 && STOPS.includes(text.charAt(before));
}

/** The last grapheme boundary at or before `at`, else the last code point boundary, after `start`. */
function insideWord(text: string, start: number, at: number): number {
  const from = Math.max(start, at - GRAPHEME_WINDOW);
  const window = text.slice(from, at + GRAPHEME_WINDOW);
  const boundary = graphemes.segment(window).containing(at - from)?.index;
  if (boundary !== undefined && from + boundary > start) return from + boundary;
  const split = isLowSurrogate(text.charCodeAt(at)) && isHighSurrogate(text.charCodeAt(at - 1));
  return split ? at - 1 : at;
}

const LINE_FEED = 0x0a;
const STOPS = ".!?…";
const CLOSING = "\"'”’»)]";

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

function trimmedEnd(text: string): number {
  let end = text.length;
  while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--;
  return end;
}

/** The white space of ECMAScript (`\s`, `trim`), without a call of the regular expression engine. */
function isSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  if (code < 0xa0) return false;
  return (
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

/** The stops of Chinese and Japanese, which no space follows. */
function isFullWidthStop(code: number): boolean {
  return code === 0x3002 || code === 0xff01 || code === 0xff1f;
}

function isSmallLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
