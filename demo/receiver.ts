import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { z } from "zod";

/** What the demo reads of a payload. */
const Payload = z.object({
  type: z.string(),
  timestamp: z.string(),
  data: z.looseObject({ sequence: z.int(), task: z.looseObject({ task_id: z.string() }) }),
});

const SIGNATURE_HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;

/** One verified request, as it came in. */
export type Received = {
  readonly eventId: string;
  readonly type: string;
  readonly sequence: number;
  readonly taskId: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
};

export type Receiver = {
  readonly url: string;
  /** The secret that the registration of the endpoint gave; before it, all is refused. */
  useSecret(secret: string): void;
  /** The verified events of a task in the order of its sequence, each once. */
  eventsOf(taskId: string): readonly Received[];
  /** Requests that weren't verified, with the reason. */
  readonly refused: readonly string[];
  /** Waits until the task's events 1 to `sequence` are here; false when `timeoutMs` is over. */
  untilComplete(taskId: string, sequence: number, timeoutMs: number): Promise<boolean>;
  close(): Promise<void>;
};

/**
 * A webhook endpoint as a customer would write it: verifies each request with the
 * `standardwebhooks` library as published, answers 204, and 400 where the signature is wrong.
 */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const refused: string[] = [];
  const watchers = new Set<() => void>();
  let verifier: Webhook | null = null;

  const server = createServer((request, response) => {
    receive(request, response).catch((error: unknown) => {
      refused.push(String(error));
      response.writeHead(400).end();
    });
  });

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const headers = signatureHeaders(request);
    if (verifier === null) throw new Error("there is no secret yet");
    const { type, data } = Payload.parse(verifier.verify(body, headers));
    received.push({
      eventId: headers["webhook-id"] ?? "",
      type,
      sequence: data.sequence,
      taskId: data.task.task_id,
      body,
      headers,
    });
    response.writeHead(204).end();
    for (const watcher of watchers) watcher();
  }

  // Delivery is at least once: the same event may come again, with the same id.
  function eventsOf(taskId: string): readonly Received[] {
    const own = received.filter((event) => event.taskId === taskId);
    const byId = new Map(own.map((event) => [event.eventId, event]));
    return [...byId.values()].toSorted((a, b) => a.sequence - b.sequence);
  }

  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
    });
  });

  return {
    url: `http://127.0.0.1:${port}/waybill-events`,
    useSecret: (secret) => {
      verifier = new Webhook(secret);
    },
    eventsOf,
    refused,
    untilComplete: (taskId, sequence, timeoutMs) =>
      new Promise((resolve) => {
        const look = () => {
          if (isGapFree(eventsOf(taskId), sequence)) finish(true);
        };
        const finish = (isComplete: boolean) => {
          clearTimeout(timer);
          watchers.delete(look);
          resolve(isComplete);
        };
        const timer = setTimeout(() => finish(false), timeoutMs);
        watchers.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function isGapFree(events: readonly Received[], sequence: number): boolean {
  return events.length === sequence && events.every((event, index) => event.sequence === index + 1);
}

function signatureHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    SIGNATURE_HEADERS.map((name) => [name, String(request.headers[name] ?? "")]),
  );
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
