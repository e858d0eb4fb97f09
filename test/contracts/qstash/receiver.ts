import { createServer } from "node:http";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";

export type Received = {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly bytes: Buffer;
  /** By the clock that the receiver was given. */
  readonly atMs: number;
};

export type Answer =
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string | Buffer;
    }
  /** Closes the connection without an answer. */
  | "cut"
  /** Keeps the connection open and never answers. */
  | "silence";

export type Answering = (request: Received) => Answer | Promise<Answer>;

/** A destination on the loopback interface: records what it gets and answers as it is told. */
export class TestReceiver {
  readonly received: Received[] = [];
  /** The greatest number of requests that were open at one time. */
  mostAtOnce = 0;
  answering: Answering = () => ({ status: 200 });
  #open = 0;
  #origin = "";
  readonly #now: () => number;
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    response.once("close", () => {
      this.#open -= 1;
    });
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const received = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: bytes.toString("utf8"),
        bytes,
        atMs: this.#now(),
      };
      this.received.push(received);
      void this.#answer(received, response);
    });
  });

  constructor(now: () => number) {
    this.#now = now;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    this.#origin = `http://127.0.0.1:${address.port}`;
  }

  url(path = "/job"): string {
    return `${this.#origin}${path}`;
  }

  /** What came in on a path, in the order of arrival. */
  at(path: string): Received[] {
    return this.received.filter((request) => request.path === path);
  }

  /** Answers every request with this status. */
  always(status: number, headers: Record<string, string> = {}): void {
    this.answering = () => ({ status, headers });
  }

  /** Answers path by path; others get 200. */
  byPath(statuses: Readonly<Record<string, number>>): void {
    this.answering = ({ path }) => ({ status: statuses[path] ?? 200 });
  }

  async #answer(received: Received, response: ServerResponse): Promise<void> {
    const answer = await this.answering(received);
    if (answer === "silence") return;
    if (answer === "cut") response.socket?.destroy();
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

/** A promise and the function that fulfils it: a test holds an answer back with it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let fulfil: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => {
    fulfil = resolve;
  });
  return { opened, open: () => fulfil?.() };
}
