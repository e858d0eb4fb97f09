import { Agent, request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as httpsRequest } from "node:https";
import { LIMITS } from "./limits.ts";
import { canonicalName } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import type { Timers } from "./timers.ts";

/** What is to be delivered. */
export type Parcel = {
  readonly url: string;
  readonly method: string;
  readonly header: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly timeoutMs: number;
};

/** Node's server closes an idle connection after 5 s; one we drop first is never half-closed. */
const IDLE_SOCKET_MS = 4_000;

/** Calls destinations over connections that it keeps. It neither retries nor follows redirects. */
export class Courier {
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_SOCKET_MS });
  readonly #tlsAgent = new TlsAgent({ keepAlive: true, timeout: IDLE_SOCKET_MS });
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Never rejects: no answer is an outcome too. The time-out runs by the stand-in's clock. */
  call(parcel: Parcel): Promise<Outcome> {
    return new Promise((resolve) => {
      const isTls = parcel.url.startsWith("https:");
      const request = (isTls ? httpsRequest : httpRequest)(parcel.url, {
        method: parcel.method,
        agent: isTls ? this.#tlsAgent : this.#agent,
        headers: { ...parcel.header, "Content-Length": parcel.body.length },
      });
      const stopTimeout = this.#timers.at(this.#timers.now() + parcel.timeoutMs, () => {
        request.destroy(new Error(`no answer within ${parcel.timeoutMs} ms`));
      });
      const end = (outcome: Outcome): void => {
        stopTimeout();
        resolve(outcome);
      };
      const fail = (error: Error): void => end({ kind: "unanswered", error: error.message });
      request.on("error", fail);
      request.on("response", (response) => {
        response.on("error", fail);
        collect(response, end);
      });
      request.end(parcel.body);
    });
  }

  close(): void {
    this.#agent.destroy();
    this.#tlsAgent.destroy();
  }
}

/** "We may truncate the response body": https://upstash.com/docs/qstash/features/callbacks. */
function collect(response: IncomingMessage, end: (outcome: Outcome) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    if (size < LIMITS.messageBytes) chunks.push(chunk);
    size += chunk.length;
  });
  response.on("end", () => {
    const header = Object.entries(response.headersDistinct).map(
      ([name, values]) => [canonicalName(name), values ?? []] as const,
    );
    end({
      kind: "answered",
      answer: {
        status: response.statusCode ?? 0,
        header: Object.fromEntries(header),
        body: Buffer.concat(chunks).subarray(0, LIMITS.messageBytes),
      },
    });
  });
}
