import { expect } from "vitest";
import type { Answer, Api } from "./api.ts";
import type { Description } from "./openapi.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** Calls whose answers are held against the API's description; a test fails when they differ. */
export type DescribedCalls = {
  /** Calls with this body (none when undefined) and expects this status. */
  readonly call: (
    as: Api,
    method: Method,
    path: string,
    body: unknown,
    status: number,
  ) => Promise<Answer>;
  /** Holds an answer that came otherwise against the description. */
  readonly held: (method: Method, path: string, answer: Answer) => Answer;
  /** What was answered so far, as `operationId status`. */
  readonly seen: ReadonlySet<string>;
};

/** Makes {@link DescribedCalls}; `description` is asked for at each call. */
export function createDescribedCalls(description: () => Description): DescribedCalls {
  const seen = new Set<string>();
  function held(method: Method, path: string, answer: Answer): Answer {
    const described = description().find(method, path);
    if (described === undefined) throw new Error(`${method} ${path} is not described`);
    seen.add(`${described.operation.operationId} ${answer.status}`);
    const faults = description().faultsOf(described, answer);
    expect(faults, `${method} ${path} ${answer.status}: ${answer.text}`).toEqual([]);
    return answer;
  }
  return {
    held,
    seen,
    call: async (as, method, path, body, status) => {
      const text = body === undefined ? null : JSON.stringify(body);
      const type: Record<string, string> =
        body === undefined ? {} : { "Content-Type": "application/json" };
      const answer = await as.raw(method.toUpperCase(), path, text, type).expect(status);
      return held(method, path, answer);
    },
  };
}
