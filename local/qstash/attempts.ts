import {
  type FaultPhase,
  type FaultPlan,
  type Operation,
  type OperationLog,
  waitFor,
} from "../faults.ts";
import type { Courier } from "./courier.ts";
import { LIMITS } from "./limits.ts";
import type { Message } from "./message.ts";
import type { Misbehaviours } from "./misbehaviour.ts";
import type { Outcome } from "./outcome.ts";
import { signDelivery } from "./signature.ts";
import type { SigningKeys } from "./signing-keys.ts";

export type AttemptTools = {
  readonly courier: Pick<Courier, "call">;
  readonly keys: SigningKeys;
  readonly faults: FaultPlan;
  readonly misbehaviours: Misbehaviours;
  readonly operations: OperationLog;
  readonly now: () => number;
};

/** The region that the headers name; any of the vendor's will do. */
const REGION = "EU-CENTRAL-1";

export function deliverOperation(message: Message): Operation {
  return { name: "deliver", target: message.url, isWrite: true };
}

/**
 * Makes one delivery attempt, as the faults and misbehaviours in force will have it.
 *
 * It is recorded even when a fault keeps it from being made: QStash counts it too.
 */
export async function attempt(message: Message, tools: AttemptTools): Promise<Outcome> {
  const operation = deliverOperation(message);
  if (message.retried > 0) return callOnce(message, operation, tools);
  const { deliveries, together } = tools.misbehaviours.copies(operation, message.body);
  const first = callOnce(message, operation, tools);
  const repeats: Promise<Outcome>[] = [];
  for (let copy = 1; copy < deliveries; copy += 1) {
    if (!together) await (repeats.at(-1) ?? first);
    repeats.push(callOnce(message, operation, tools));
  }
  await Promise.all(repeats);
  return first;
}

async function callOnce(
  message: Message,
  operation: Operation,
  tools: AttemptTools,
): Promise<Outcome> {
  tools.operations.record(operation);
  const stopped = await applyFault("before", operation, tools.faults);
  if (stopped !== null) return stopped;
  const outcome = await tools.courier.call({
    url: message.url,
    method: message.options.method,
    header: deliveryHeader(message, tools),
    body: message.body,
    timeoutMs: message.options.timeoutMs ?? LIMITS.responseMs,
  });
  return (await applyFault("after", operation, tools.faults)) ?? outcome;
}

async function applyFault(
  phase: FaultPhase,
  operation: Operation,
  faults: FaultPlan,
): Promise<Outcome | null> {
  const action = faults.decide(phase, operation);
  if (action === null) return null;
  if (action.kind === "delay" || action.kind === "hold") {
    await waitFor(action);
    return null;
  }
  if (action.kind === "cut") {
    return { kind: "unanswered", error: `connection cut by a fault (${phase})` };
  }
  const body = Buffer.from("refused by a fault");
  return { kind: "answered", answer: { status: 500, header: {}, body } };
}

/** The headers of https://upstash.com/docs/qstash/howto/receiving. */
function deliveryHeader(message: Message, tools: AttemptTools): Readonly<Record<string, string>> {
  return {
    "User-Agent": "Upstash-QStash",
    ...message.options.header,
    "Upstash-Message-Id": message.messageId,
    "Upstash-Retried": String(message.retried),
    "Upstash-Caller-Ip": message.callerIp,
    "Upstash-Region": REGION,
    ...(message.topicName !== undefined && { "Upstash-Topic-Name": message.topicName }),
    ...(message.scheduleId !== undefined && { "Upstash-Schedule-Id": message.scheduleId }),
    "Upstash-Signature": signDelivery({
      key: tools.keys.current,
      url: message.url,
      body: message.body,
      nowMs: tools.now(),
    }),
  };
}
