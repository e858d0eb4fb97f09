import { callRoute, type Config, toObject } from "./call.ts";
import { UnexpectedAnswerError } from "./errors.ts";
import type { Route } from "./route.ts";

/** Yields all rows of a list; the next page is asked for when the last row of one is taken. */
export async function* listAll(
  config: Config,
  route: Route,
  given: readonly unknown[],
): AsyncGenerator<unknown, void, undefined> {
  const at = route.name.split("{").length - 1;
  const filter = given[at];
  let cursor: string | null = null;
  do {
    const body: object = { ...toObject(filter), ...(cursor !== null && { cursor }) };
    const answer = await callRoute(config, route, [...given.slice(0, at), body, given[at + 1]]);
    const page = readPage(answer);
    yield* page.results;
    // The same cursor again would never end.
    if (page.next !== null && page.next === cursor) throw notAPage();
    cursor = page.next;
  } while (cursor !== null);
}

function readPage(answer: unknown): { results: readonly unknown[]; next: string | null } {
  if (typeof answer !== "object" || answer === null) throw notAPage();
  const { results, pagination }: { results?: unknown; pagination?: unknown } = answer;
  if (!Array.isArray(results) || typeof pagination !== "object" || pagination === null) {
    throw notAPage();
  }
  const { next_cursor: next }: { next_cursor?: unknown } = pagination;
  return { results, next: typeof next === "string" ? next : null };
}

function notAPage(): UnexpectedAnswerError {
  return new UnexpectedAnswerError("The answer is not a page of a list.", {
    code: "unexpected_answer",
  });
}
