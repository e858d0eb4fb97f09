import type { Runtime } from "../../../ports/runtime.ts";
import { EgressError } from "../../../outbound/outbound-fetch.ts";
import { type MarkupKind, textOfMarkup } from "./markup-text.ts";
import { checkText, leavesOf } from "./object-text.ts";
import { failed, type TextOutcome } from "./text-outcome.ts";

/** How long a server may take, from the connection to the last byte. */
const TIMEOUT_MS = 10_000;

/** As much as an object's own text may be. */
const MAX_BODY_BYTES = 1024 * 1024;

export type ReadUrlOptions = {
  readonly fetch: Runtime["fetch"];
  /** Why this URL is not fetched, or null when it may be. */
  readonly refusal: (url: string) => Promise<TextOutcome | null>;
  /** Default: {@link TIMEOUT_MS}. */
  readonly timeoutMs?: number;
};

/**
 * Fetches the text behind a caller's URL. The URL is a stranger's, so: the guard is asked first; a
 * redirect isn't followed, for the guard hasn't seen where it leads; the body is read as it comes
 * and dropped at the first byte over 1 MiB, whatever `Content-Length` says; and a failure is told
 * without the error's own words, which could describe the network inside. Never throws.
 */
export async function readUrl(url: string, options: ReadUrlOptions): Promise<TextOutcome> {
  const refusal = await options.refusal(url);
  if (refusal !== null) return refusal;
  try {
    const response = await options.fetch(url, {
      method: "GET",
      redirect: "manual",
      headers: { accept: "text/*, application/json, application/xml", "user-agent": "Waybill/1" },
      signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    });
    const outcome = await readResponse(response);
    // A body that nobody reads would keep its connection, of which a worker has six.
    if (!response.bodyUsed) await response.body?.cancel();
    return outcome;
  } catch (error) {
    if (error instanceof EgressError && error.kind === "refused") {
      return failed("url_refused", "The URL is not fetched: the egress proxy refused it.");
    }
    const late = error instanceof Error && error.name === "TimeoutError";
    return failed(
      "url_unreachable",
      late ? "The URL did not answer in time." : "The URL could not be reached.",
    );
  }
}

async function readResponse(response: Response): Promise<TextOutcome> {
  if (response.status >= 300 && response.status < 400) {
    return failed(
      "url_unreachable",
      `The URL answered ${response.status}; redirects are not followed.`,
    );
  }
  if (!response.ok) return failed("url_unreachable", `The URL answered ${response.status}.`);
  const type = parseContentType(response.headers.get("content-type") ?? "");
  if (type.format === null) {
    return failed("url_not_text", "The URL's content is not text, JSON or XML by its type.");
  }
  const decoder = decoderOf(type.charset);
  if (decoder === null) return failed("url_not_text", "The URL's character set is unknown.");
  if (Number(response.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) return tooLarge();
  const body = await readBody(response, decoder);
  return body === null ? tooLarge() : READERS[type.format](body);
}

function tooLarge(): TextOutcome {
  return failed("url_too_large", `The URL's content is larger than ${MAX_BODY_BYTES} bytes.`);
}

/** The body, decoded as it comes; null when it is over the limit. */
async function readBody(response: Response, decoder: TextDecoder): Promise<string | null> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  let bytes = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}

type Format = "plain" | "json" | MarkupKind;

const READERS: Readonly<Record<Format, (body: string) => TextOutcome>> = {
  plain: checkText,
  html: (body) => checkText(textOfMarkup(body, "html")),
  xhtml: (body) => checkText(textOfMarkup(body, "xhtml")),
  xml: (body) => checkText(textOfMarkup(body, "xml")),
  json: textInJson,
};

function textInJson(body: string): TextOutcome {
  try {
    return checkText(leavesOf(JSON.parse(body)));
  } catch {
    return failed("url_not_text", "The URL's content is called JSON and isn't.");
  }
}

function parseContentType(header: string): { format: Format | null; charset: string } {
  const [type = "", ...parameters] = header.toLowerCase().split(";");
  const charset = parameters.map((part) => /^\s*charset\s*=\s*"?([^"\s]+)/.exec(part)?.[1]);
  return { format: formatOf(type.trim()), charset: charset.find(Boolean) ?? "utf-8" };
}

function formatOf(type: string): Format | null {
  if (type === "application/json" || type === "text/json" || type.endsWith("+json")) return "json";
  if (type === "text/html") return "html";
  if (type === "application/xhtml+xml") return "xhtml";
  if (type === "application/xml" || type === "text/xml") return "xml";
  if (type === "application/rss+xml" || type === "application/atom+xml") return "xml";
  return type.startsWith("text/") ? "plain" : null;
}

function decoderOf(charset: string): TextDecoder | null {
  try {
    return new TextDecoder(charset);
  } catch {
    return null;
  }
}
