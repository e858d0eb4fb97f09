import type { Operation } from "../../faults.ts";
import { ApiError, invalid } from "../errors.ts";
import { carryOut } from "../intake.ts";
import type { Reply } from "../intake.ts";
import type { PublishRequest } from "../publish.ts";
import { isRecord, ok, parseJson, rawDestination } from "../route.ts";
import type { Call, Route } from "../route.ts";

/** Publish, enqueue and batch: https://upstash.com/docs/qstash/api-reference/messages. */
export const publishingRoutes: readonly Route[] = [
  {
    methods: ["POST"],
    path: /^\/v2\/publish\/(.+)$/s,
    isMessageRoute: true,
    run: (call) => {
      const destination = rawDestination(call, "/v2/publish/".length);
      return accept(call, "publish", { destination });
    },
  },
  {
    methods: ["POST"],
    path: /^\/v2\/enqueue\/([^/]+)\/(.+)$/s,
    isMessageRoute: true,
    run: (call, [queueName = ""]) => {
      const prefix = call.path.split("/", 4).join("/");
      const destination = rawDestination(call, prefix.length + 1);
      return accept(call, "enqueue", { destination, queueName });
    },
  },
  { methods: ["POST"], path: /^\/v2\/batch$/, isMessageRoute: true, run: acceptBatch },
];

function accept(
  call: Call,
  name: string,
  where: { destination: string; queueName?: string },
): Promise<Reply> {
  const { broker, headers, body, callerIp } = call;
  const operations = [{ name, target: where.destination, isWrite: true }];
  return carryOut(broker, operations, () => {
    const { isDuplicate, body: answer } = broker.publish({ ...where, headers, body, callerIp });
    // "We'll send HTTP 202 Accepted code in case of a duplicate message": .../features/deduplication.
    return { reply: { status: isDuplicate ? 202 : 200, body: answer }, accepted: operations };
  });
}

/** An item that can't be accepted is answered with its error and doesn't touch the others. */
function acceptBatch(call: Call): Promise<Reply> {
  const items = parseJson(call.body);
  if (!Array.isArray(items)) throw invalid("a batch is an array of messages");
  const requests = items.map((item: unknown) => parseItem(item, call.callerIp));
  const asked = requests.flatMap((request) =>
    request instanceof ApiError ? [] : [operationOf(request)],
  );
  return carryOut(call.broker, asked, () => {
    const accepted: Operation[] = [];
    const answers = requests.map((request) => {
      if (request instanceof ApiError) return { error: request.message };
      try {
        const { body } = call.broker.publish(request);
        accepted.push(operationOf(request));
        return body;
      } catch (error) {
        if (error instanceof ApiError) return { error: error.message };
        throw error;
      }
    });
    return { reply: ok(answers), accepted };
  });
}

const operationOf = (request: PublishRequest): Operation => ({
  name: "batch-item",
  target: request.destination,
  isWrite: true,
});

function parseItem(item: unknown, callerIp: string): PublishRequest | ApiError {
  if (!isRecord(item)) return invalid("a message of a batch is an object");
  const { destination, headers = {}, body = "", queue } = item;
  if (typeof destination !== "string") return invalid("a message of a batch needs a destination");
  if (!isRecord(headers)) return invalid("the headers of a message are an object");
  if (typeof body !== "string") return invalid("the body of a message is a string");
  if (queue !== undefined && typeof queue !== "string") return invalid("a queue is a string");
  const source = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const text = Array.isArray(value) ? value.join(", ") : value;
    if (typeof text !== "string") return invalid(`header ${name} is not a string`);
    source.set(name.toLowerCase(), text);
  }
  return { destination, headers: source, body: Buffer.from(body), callerIp, queueName: queue };
}
