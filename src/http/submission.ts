import canonicalize from "canonicalize";
import type { Context } from "hono";
import { routePath } from "hono/route";
import { z } from "zod";
import { IdempotencyKey } from "../contract/submission.ts";
import { sha256 } from "../crypto/sha256.ts";
import type { NamespaceContext } from "../engine/context.ts";
import { HASH_FORM, heldSlot, type KeyedRequest } from "../engine/keyed-request.ts";
import { presentTask } from "../engine/tasks/present-task.ts";
import { submitOnce } from "../engine/tasks/submit-once.ts";
import type { TaskRecord } from "../ports/task-store.ts";
import type { AppEnv } from "./app-env.ts";

/** The headers of every route that takes an idempotency key. */
export const SubmissionHeaders = z.object({ "idempotency-key": IdempotencyKey.optional() });

/** What identifies a repeated request; null without an `Idempotency-Key`. */
export async function keyedRequest(
  c: Context<AppEnv>,
  { "idempotency-key": key }: z.infer<typeof SubmissionHeaders>,
): Promise<KeyedRequest | null> {
  return key === undefined ? null : keyed(c, key, await sentBody(c));
}

/** The same for each row of a body whose rows have their own keys; `sentOf` extracts the row. */
export async function keyedRows(
  c: Context<AppEnv>,
  keys: readonly (string | undefined)[],
  sentOf: (body: unknown, index: number) => unknown,
): Promise<readonly (KeyedRequest | null)[]> {
  if (keys.every((key) => key === undefined)) return keys.map(() => null);
  const body = await sentBody(c);
  return Promise.all(
    keys.map(async (key, index) => (key === undefined ? null : keyed(c, key, sentOf(body, index)))),
  );
}

/** Handles a request that submits work, once per idempotency key, and returns its task. */
export async function answerSubmission(
  c: Context<AppEnv>,
  headers: z.infer<typeof SubmissionHeaders>,
  {
    ctx = c.var.inNamespace,
    insertDecides = false,
    make,
  }: {
    readonly ctx?: NamespaceContext;
    /** See `submitOnce`. */
    readonly insertDecides?: boolean;
    readonly make: (ctx: NamespaceContext, keyed: KeyedRequest | null) => Promise<TaskRecord>;
  },
) {
  const request = await keyedRequest(c, headers);
  const task = await submitOnce({
    ctx,
    keyed: request,
    insertDecides,
    make: () => make(ctx, request),
  });
  return c.json(presentTask(task), 202, { Location: `/v1/tasks/${task._id}` });
}

/**
 * A hash of the meaning of what the caller sent under a key: the order of an object's members and
 * the notation of numbers and characters don't matter (RFC 8785).
 */
async function keyed(c: Context<AppEnv>, key: string, body: unknown): Promise<KeyedRequest> {
  const sent = canonicalize([c.req.method, routePath(c, -1), c.req.param(), body]);
  return { key, slot: heldSlot(key), hash: HASH_FORM + (await sha256(sent ?? "")) };
}

/** The body as sent; an absent body counts as `{}`. */
async function sentBody(c: Context<AppEnv>): Promise<unknown> {
  return c.req.header("Content-Type") === undefined ? {} : c.req.json();
}
