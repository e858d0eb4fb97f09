import type { ServiceContext } from "../context.ts";
import { DomainError } from "../errors.ts";
import { attemptOfToken } from "./report-token.ts";

/** Who may report on a task: the holder of the token of one of its attempts. */
export type Reporter = {
  readonly taskId: string;
  readonly token: string;
  readonly attempt: number;
};

/**
 * Returns the attempt that an `Authorization` header authenticates; needs no look-up. Throws
 * `unauthenticated` without a token, and for one that was not issued for this task.
 */
export async function authenticateReport({
  ctx,
  input,
}: {
  ctx: ServiceContext;
  input: { readonly taskId: string; readonly authorization: string | undefined };
}): Promise<Reporter> {
  const { taskId, authorization = "" } = input;
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw new DomainError(
      "unauthenticated",
      "Send the token that came with the job: `Authorization: Bearer <token>`.",
    );
  }
  const attempt = await attemptOfToken(ctx.config.sealingKeys, taskId, token);
  if (attempt === null) throw new DomainError("unauthenticated", "The token is not this task's.");
  return { taskId, token, attempt };
}
