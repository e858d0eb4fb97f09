import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { z } from "zod";

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

/** A server of webhook endpoints in the test's own process. */
export type Receiver = {
  /** An endpoint of its own for a test. */
  makeEndpoint(): Endpoint;
  close(): Promise<void>;
};

type Slot = {
  verifier: Webhook | null;
  path: string;
  status: number;
  received: Received[];
  refused: string[];
};

/** Starts a receiver that verifies with the `standardwebhooks` library as published. */
export async function startReceiver(): Promise<Receiver> {
  const slots: Slot[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    const slot = slots[Number(request.url?.slice(1))];
    response.writeHead(slot === undefined ? 404 : accept(slot, request, body)).end();
  }

  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port was given");
  return {
    makeEndpoint: () => {
      const slot: Slot = { verifier: null, path: "", status: 204, received: [], refused: [] };
      slots.push(slot);
      return {
        url: `http://127.0.0.1:${address.port}/${slots.length - 1}`,
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
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

function accept(slot: Slot, request: IncomingMessage, body: string): number {
  const header = (name: string) => String(request.headers[name] ?? "");
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
