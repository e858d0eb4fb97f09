import type { DispatchMessage } from "../../ports/queue.ts";
import type { FanOutCursor } from "../../ports/task-store.ts";
import type { ServiceContext } from "../context.ts";
import { resumeFanOuts } from "../events/fan-out-steps.ts";
import { tryRow, inRounds, type IsSpent } from "./rounds.ts";

/** An outbox younger than this is left to the message that its writer published. */
const PATIENCE_MS = 10_000;

/** A run that meets more bad outboxes than this stops: they would fill every page. */
const MAX_FAILED = 200;

/** An outbox's owner, with the fan-out in progress, if any. */
type Owner = {
  readonly _id: string;
  readonly namespace_id: string;
  readonly fan_out?: FanOutCursor | null;
};

/** Outboxes of one kind: how to find due ones, and how to dispatch them. */
export type Outboxes<Kind extends Owner> = {
  readonly source: DispatchMessage["source"];
  /** Those due before a time, oldest first. */
  readonly due: (before: Date, limit: number) => Promise<readonly Kind[]>;
  /** Dispatches some of one namespace, none of which has a fan-out in progress. */
  readonly dispatch: (owners: readonly Kind[]) => Promise<unknown>;
  /** How many are read at once, and how many rounds a run has. */
  readonly perRound: number;
  readonly maxRounds: number;
  /** How many are dispatched together; each event to each endpoint is held in memory. */
  readonly together: number;
};

type Run<Kind extends Owner> = {
  readonly ctx: ServiceContext;
  readonly outboxes: Outboxes<Kind>;
  readonly isSpent: IsSpent;
  /** Skipped until the next run. */
  readonly failed: Set<string>;
};

/**
 * Dispatches outboxes that nobody dispatched: the publish was lost, the queue is down, or there was
 * no subscriber to publish for. Returns how many were dispatched, to all or the first endpoints,
 * and how many are left for the next run. Outboxes of a namespace are dispatched together, so a
 * backlog of thousands drains within a run. The queue drives a fan-out of several steps: only its
 * first step runs here, and a lost message is published again.
 */
export async function relayOutboxes<Kind extends Owner>(
  ctx: ServiceContext,
  outboxes: Outboxes<Kind>,
  now: Date,
  isSpent: IsSpent,
): Promise<{ readonly relayed: number; readonly failed: number }> {
  const before = new Date(now.getTime() - PATIENCE_MS);
  const run = { ctx, outboxes, isSpent, failed: new Set<string>() };
  const { maxRounds } = outboxes;
  const relayed = await inRounds({ maxRounds, isSpent }, () => relaySome(run, before));
  return { relayed, failed: run.failed.size };
}

/** One round. The next run takes what is left when this run's time is spent. */
async function relaySome<Kind extends Owner>(run: Run<Kind>, before: Date): Promise<number> {
  const { outboxes, failed, isSpent } = run;
  if (failed.size > MAX_FAILED) return 0;
  const read = await outboxes.due(before, outboxes.perRound + failed.size);
  const due = read.filter(({ _id }) => !failed.has(_id));
  let relayed = await resume(run, due.filter(isUnderWay));
  const fresh = due.filter((owner) => !isUnderWay(owner));
  for (const namespaceId of new Set(fresh.map((owner) => owner.namespace_id))) {
    const own = fresh.filter((owner) => owner.namespace_id === namespaceId);
    for (let start = 0; start < own.length; start += outboxes.together) {
      if (relayed > 0 && isSpent()) return relayed;
      relayed += await relayTogether(run, own.slice(start, start + outboxes.together));
    }
  }
  return relayed;
}

function isUnderWay({ fan_out }: Owner): boolean {
  return (fan_out ?? null) !== null;
}

/**
 * Hands fan-outs to the queue; returns how many it accepted. The others are skipped in this run.
 */
async function resume<Kind extends Owner>(
  { ctx, outboxes, failed }: Run<Kind>,
  owners: readonly Kind[],
): Promise<number> {
  if (owners.length === 0) return 0;
  if (await resumeFanOuts(ctx, outboxes.source, owners)) return owners.length;
  for (const { _id } of owners) failed.add(_id);
  return 0;
}

/** All at once; if that fails, one by one, to isolate the bad one. */
async function relayTogether<Kind extends Owner>(
  run: Run<Kind>,
  owners: readonly Kind[],
): Promise<number> {
  const [first] = owners;
  if (first === undefined) return 0;
  if (await tryRow(run.ctx, first._id, () => run.outboxes.dispatch(owners))) return owners.length;
  if (owners.length === 1) {
    run.failed.add(first._id);
    return 0;
  }
  let relayed = 0;
  for (const owner of owners) relayed += await relayTogether(run, [owner]);
  return relayed;
}
