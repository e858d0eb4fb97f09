import { createServer, type IncomingMessage } from "node:http";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { createExecutor, type Executor } from "../../support/executor.ts";

const Payload = z.object({
  type: z.string(),
  data: z.looseObject({
    sequence: z.int(),
    task: z.looseObject({ task_id: z.string() }).optional(),
  }),
});

/** One request whose signature was valid. */
export type Received = {
  /** The header `webhook-id`. */
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly taskId: string | null;
  readonly body: string;
};

/** One URL that events are sent to. */
export type Endpoint = {
  readonly url: string;
  /** What the endpoint answers from now on; 204 at first. */
  answerWith(status: number): void;
  /** What the registration gave: its secret, and where it is in the API. */
  useSecret(secret: string, path: string): void;
  /** Where the endpoint is in the API. */
  path(): string;
  /** Requests with a valid signature, also those that were not answered 2xx, in order. */
  readonly received: readonly Received[];
  /** Why others were refused. */
  readonly refused: readonly string[];
};

/** Whoever is sent something by the worker: endpoints of webhooks, an executor, another service. */
export type Receiver = {
  /** An endpoint of its own for a test. */
  makeEndpoint(): Endpoint;
  readonly executor: Omit<Executor, "close">;
  /** What a subscriber in code told another service. */
  readonly crm: readonly { readonly idempotencyKey: string; readonly body: string }[];
};

/** A request that a receiver gets. */
export type Visit = {
  readonly path: string;
  readonly header: (name: string) => string;
  readonly body: string;
};

/** Where the other service is that subscribers tell things. */
export const CRM_PATH = "/notes";

const EXECUTOR_PATH = "/run";

type Slot = {
  verifier: Webhook | null;
  path: string;
  status: number;
  received: Received[];
  refused: string[];
};

/** A receiver at an origin; it verifies with the `standardwebhooks` library as published. */
export function createReceiver(origin: string): {
  readonly receiver: Receiver;
  /** The status with which it answers. */
  readonly answer: (visit: Visit) => number;
} {
  const slots: Slot[] = [];
  const crm: { idempotencyKey: string; body: string }[] = [];
  const { executor, take } = createExecutor(`${origin}${EXECUTOR_PATH}`);
  return {
    receiver: {
      makeEndpoint: () => {
        const slot: Slot = { verifier: null, path: "", status: 204, received: [], refused: [] };
        slots.push(slot);
        return {
          url: `${origin}/${slots.length - 1}`,
          answerWith: (status) => {
            slot.status = status;
          },
          useSecret: (secret, path) => {
            slot.verifier = new Webhook(secret);
            slot.path = path;
          },
          path: () => slot.path,
          received: slot.received,
          refused: slot.refused,
        };
      },
      executor,
      crm,
    },
    answer: (visit) => {
      const { path, header, body } = visit;
      if (path === EXECUTOR_PATH) return take(header, body);
      if (path === CRM_PATH) {
        crm.push({ idempotencyKey: header("idempotency-key"), body });
        return 200;
      }
      const slot = slots[Number(path.slice(1))];
      return slot === undefined ? 404 : accept(slot, visit);
    },
  };
}

/** The same over HTTP, in the test's own process. */
export async function startReceiver(): Promise<{
  readonly receiver: Receiver;
  readonly origin: string;
  readonly close: () => Promise<void>;
}> {
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const header = (name: string) => String(request.headers[name] ?? "");
      return response.writeHead(answer({ path: request.url ?? "", header, body })).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port was given");
  const origin = `http://127.0.0.1:${address.port}`;
  const { receiver, answer } = createReceiver(origin);
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeAllConnections();
    await closed;
  };
  return { receiver, origin, close };
}

function accept(slot: Slot, { header, body }: Visit): number {
  try {
    if (slot.verifier === null) throw new Error("there is no secret yet");
    const verified = slot.verifier.verify(body, {
      "webhook-id": header("webhook-id"),
      "webhook-timestamp": header("webhook-timestamp"),
      "webhook-signature": header("webhook-signature"),
    });
    const { type, data } = Payload.parse(verified);
    const taskId = data.task?.task_id ?? null;
    slot.received.push({ id: header("webhook-id"), type, sequence: data.sequence, taskId, body });
    return slot.status;
  } catch (error) {
    slot.refused.push(String(error));
    return 400;
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
