import { type ErrorCode, Problem } from "../contract/problem.ts";
import { presentation, typeOf } from "./error-response.ts";

/** The name of a code's example among the components of the API's description. */
const exampleRef = (code: ErrorCode) => ({ $ref: `#/components/examples/${code}` });

const PROBLEM_JSON = "application/problem+json";

/** A response in a route's definition: a problem with one of several codes. */
export type ProblemResponse = {
  readonly description: string;
  readonly content: Record<
    typeof PROBLEM_JSON,
    { schema: typeof Problem; examples: Record<string, { $ref: string }> }
  >;
};

/**
 * The errors specific to this route, for its definition: one response per status, with an example
 * per code. `openapi.ts` adds those that every route of its kind has.
 */
export function problems(...codes: readonly ErrorCode[]): Record<string, ProblemResponse> {
  return Object.fromEntries(
    [...new Set(codes.map(statusOf))].map((status) => [
      status,
      problemResponse(codes.filter((code) => statusOf(code) === status)),
    ]),
  );
}

function statusOf(code: ErrorCode): string {
  return String(presentation(code).status);
}

function problemResponse(codes: readonly ErrorCode[]): ProblemResponse {
  return {
    description: codes.map((code) => `\`${code}\`: ${presentation(code).title}.`).join(" "),
    content: {
      [PROBLEM_JSON]: {
        schema: Problem,
        examples: Object.fromEntries(codes.map((code) => [code, exampleRef(code)])),
      },
    },
  };
}

/** The codes that a response described by {@link problems} may have; none for any other response. */
export function codesOf(response: {
  readonly content?: Record<string, { readonly examples?: Record<string, unknown> }>;
}): readonly string[] {
  return Object.keys(response.content?.[PROBLEM_JSON]?.examples ?? {});
}

/** An example of a problem, for the API's description. */
export function exampleProblem(code: ErrorCode): Problem {
  const { status, title } = presentation(code);
  return {
    type: typeOf(code),
    title,
    status,
    detail: "What was expected, and what to do, in words for a person.",
    instance: "/v1/buckets",
    code,
    request_id: "3f0c6f0e-6a53-4d0a-9a0e-3f6a6b1f9c55",
    ...(code === "invalid_request" && { errors: [{ path: "name", message: "expected a string" }] }),
  };
}
