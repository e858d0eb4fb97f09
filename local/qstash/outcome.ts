/** Headers as QStash's API shows them: canonical-case names, each with its values. */
export type HeaderValues = Readonly<Record<string, readonly string[]>>;

/** What a destination answered. */
export type Answer = {
  readonly status: number;
  readonly header: HeaderValues;
  readonly body: Buffer;
};

/** How one delivery attempt ended: with an answer, or without one and why. */
export type Outcome =
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "unanswered"; readonly error: string };

export function isDelivered(outcome: Outcome): boolean {
  return outcome.kind === "answered" && outcome.answer.status >= 200 && outcome.answer.status < 300;
}

/**
 * 489 with `Upstash-NonRetryable-Error: true` goes to the dead letters at once.
 *
 * From https://upstash.com/docs/qstash/features/retry#non-retryable-error.
 */
export function isNonRetryable(outcome: Outcome): boolean {
  if (outcome.kind !== "answered" || outcome.answer.status !== 489) return false;
  return outcome.answer.header["Upstash-Nonretryable-Error"]?.[0] === "true";
}

/** `content-type` → `Content-Type`, as Go's net/http does and the API therefore shows. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}
