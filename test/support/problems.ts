import { expect } from "vitest";
import { type ErrorCode, Problem } from "../../src/contract/problem.ts";
import type { Answer } from "./api.ts";

/**
 * Fails unless an answer is a whole problem document (RFC 9457) with this status and code: what is
 * wrong and what to do in words, the request's id twice, and nothing of the inside.
 */
export function expectProblem(answer: Answer, status: number, code: ErrorCode): Problem {
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status });
  expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
  const problem = Problem.parse(answer.body);
  expect(problem).toMatchObject({ status, code, type: `urn:waybill:problem:${code}` });
  expect(problem.request_id).toBe(answer.headers.get("X-Request-Id"));
  expect(problem.detail).toMatch(/^.{10}/);
  expect(problem.instance).toMatch(/^\//);
  expect(answer.text).not.toMatch(/\bat \S+ \(|node_modules|worker\.js|mongodb/i);
  return problem;
}

/** Fails unless an answer is a 400 that names this field and says more than that it is wrong. */
export function expectInvalid(answer: Answer, path: string): Problem {
  const problem = expectProblem(answer, 400, "invalid_request");
  const field = problem.errors?.find((one) => one.path === path);
  expect(field, `${answer.text} should name ${path}`).toBeDefined();
  expect(field?.message).toMatch(
    /expected|remove|Too|at most|there is|may not|must|no |not a public/i,
  );
  return problem;
}
