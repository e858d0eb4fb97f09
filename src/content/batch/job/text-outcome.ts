import { z } from "zod";

/** Why an object became no document. */
export const ObjectFailureCode = z.enum([
  "empty_text",
  "not_text",
  "object_not_found",
  "url_refused",
  "url_unreachable",
  "url_too_large",
  "url_not_text",
]);

export type ObjectFailureCode = z.infer<typeof ObjectFailureCode>;

/** An object that can't be used; the message is for a person and holds nothing of the content. */
export type TextFailure = {
  readonly kind: "failed";
  readonly code: ObjectFailureCode;
  readonly message: string;
};

/** What reading an object's text came to. It is the object's fault or its server's, so no step fails. */
export type TextOutcome = { readonly kind: "text"; readonly text: string } | TextFailure;

/** Makes a {@link TextFailure}. */
export function failed(code: ObjectFailureCode, message: string): TextFailure {
  return { kind: "failed", code, message };
}
