import { createHash } from "node:crypto";
import { invalid } from "./errors.ts";
import { canonicalName } from "./outcome.ts";

/** Which fields of a message the API answers with their hash instead. */
export type Redaction = {
  readonly body: boolean;
  /** Canonical names, or all of them. */
  readonly headers: "all" | ReadonlySet<string>;
};

/**
 * `body`, `headers` (the SDK writes `header`) and `header[Name]`, separated by commas.
 *
 * From https://upstash.com/docs/qstash/howto/redact-fields.
 */
export function parseRedaction(text: string | undefined): Redaction {
  let body = false;
  let isAll = false;
  const names = new Set<string>();
  for (const part of (text ?? "").split(",").map((piece) => piece.trim())) {
    const name = /^header\[([^\]]+)\]$/.exec(part)?.[1];
    if (part === "body") body = true;
    else if (part === "header" || part === "headers") isAll = true;
    else if (name !== undefined) names.add(canonicalName(name));
    else if (part !== "") throw invalid(`invalid Upstash-Redact-Fields: "${part}"`);
  }
  return { body, headers: isAll ? "all" : names };
}

export function redact(value: string | Buffer): string {
  return `REDACTED:${createHash("sha256").update(value).digest("hex")}`;
}

export function redactHeader(
  header: Readonly<Record<string, string>>,
  redaction: Redaction,
): Record<string, string[]> {
  const shown = Object.entries(header).map(([name, value]): [string, string[]] => {
    const isHidden = redaction.headers === "all" || redaction.headers.has(name);
    return [name, [isHidden ? redact(value) : value]];
  });
  return Object.fromEntries<string[]>(shown);
}
