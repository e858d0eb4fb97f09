import type { TaskTypeRecord } from "../../ports/task-type-store.ts";
import type { SigningSecret, EndpointRecord } from "../../ports/endpoint-store.ts";
import type { ServiceContext } from "../context.ts";
import { resealHeaders } from "../webhooks/custom-headers.ts";
import { keyIdOf, seal, sealPrefixOf, unseal } from "../../crypto/seal.ts";
import { inForce } from "../webhooks/secrets.ts";
import { tryRow, inRounds, type IsSpent } from "./rounds.ts";

/** Rows per round, each with its own write, and rounds per run; the next run continues. */
const ROWS_PER_ROUND = 100;
const MAX_ROUNDS = 20;

/** The result of a run; all 0 once nothing is sealed under the previous key. */
type Resealed = { readonly webhooks: number; readonly task_types: number; readonly failed: number };

/**
 * Reseals under `SEALING_KEY` what is still sealed under `SEALING_KEY_PREVIOUS`; reads nothing when
 * there is no such key. Every row stays readable throughout, since either key opens it. Changes
 * made meanwhile are already sealed with the new key and aren't overwritten.
 */
export async function reseal(ctx: ServiceContext, _now: Date, isSpent: IsSpent): Promise<Resealed> {
  const { current, previous } = ctx.config.sealingKeys;
  if (previous === null || previous === current) return { webhooks: 0, task_types: 0, failed: 0 };
  const prefix = sealPrefixOf(await keyIdOf(previous));
  const { webhooks, taskTypes } = ctx.stores;
  const ofWebhooks = await resealAll<EndpointRecord>(ctx, isSpent, {
    page: (afterId) => webhooks.sealedWith(prefix, afterId, ROWS_PER_ROUND),
    reseal: (webhook) => resealWebhook(ctx, webhook),
  });
  const ofTypes = await resealAll<TaskTypeRecord>(ctx, isSpent, {
    page: (afterId) => taskTypes.sealedWith(prefix, afterId, ROWS_PER_ROUND),
    reseal: async (type) => taskTypes.reseal(type, await again(ctx, type.sealed_secret, type._id)),
  });
  return {
    webhooks: ofWebhooks.rows - ofWebhooks.failed,
    task_types: ofTypes.rows - ofTypes.failed,
    failed: ofWebhooks.failed + ofTypes.failed,
  };
}

type Kind<Row> = {
  readonly page: (afterId: string | null) => Promise<readonly Row[]>;
  readonly reseal: (row: Row) => Promise<void>;
};

/** Walks by id, so rows that can't be opened don't block the others. */
async function resealAll<Row extends { readonly _id: string }>(
  ctx: ServiceContext,
  isSpent: IsSpent,
  kind: Kind<Row>,
): Promise<{ readonly rows: number; readonly failed: number }> {
  let failed = 0;
  let afterId: string | null = null;
  const rows = await inRounds({ maxRounds: MAX_ROUNDS, isSpent }, async () => {
    const page = await kind.page(afterId);
    for (const row of page) {
      if (!(await tryRow(ctx, row._id, () => kind.reseal(row)))) failed += 1;
    }
    afterId = page.at(-1)?._id ?? afterId;
    return page.length;
  });
  return { rows, failed };
}

async function resealWebhook(ctx: ServiceContext, webhook: EndpointRecord): Promise<void> {
  const resealed = async (secret: SigningSecret): Promise<SigningSecret> => {
    const sealed = await again(ctx, secret.sealed, webhook._id);
    return { ...secret, sealed };
  };
  const valid = inForce(webhook.secrets, ctx.runtime.now());
  const secrets = await Promise.all(valid.map(resealed));
  await ctx.stores.webhooks.reseal(webhook, {
    secrets,
    secrets_write_id: ctx.runtime.newId("webhook"),
    sealed_headers: await resealHeaders(
      webhook.sealed_headers,
      ctx.config.sealingKeys,
      webhook._id,
    ),
  });
}

async function again(ctx: ServiceContext, sealed: string, boundTo: string): Promise<string> {
  const keys = ctx.config.sealingKeys;
  return seal(await unseal(sealed, keys, boundTo), keys, boundTo);
}
