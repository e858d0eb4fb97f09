import { Broker } from "../../../../local/qstash/broker.ts";
import type { Parcel } from "../../../../local/qstash/courier.ts";
import type { Clock } from "../../../../local/qstash/clock.ts";
import { answer } from "../../../../local/qstash/http.ts";
import { ConnectionCut } from "../../../../local/qstash/intake.ts";
import { viewMessage } from "../../../../local/qstash/message.ts";
import { canonicalName, type Outcome } from "../../../../local/qstash/outcome.ts";
import type { QueueService } from "../simulation.ts";

type Options = {
  readonly clock: Clock;
  readonly token: string;
  readonly signingKeys: { readonly current: string; readonly next: string };
  /** Where messages are delivered. Rejects when nobody answers. */
  readonly deliver: (request: Request) => Promise<Response>;
  /** Lets time pass until it is so. */
  readonly driveUntil: (isSo: () => boolean) => Promise<void>;
  /** Whether the worker is at work. */
  readonly isBusy: () => boolean;
};

export type VirtualQStash = Omit<QueueService, "request"> & {
  readonly broker: Broker;
  fetch(request: Request): Promise<Response>;
};

/** The broker of `local/qstash` without sockets. */
export function createVirtualQStash(options: Options): VirtualQStash {
  const { clock, token, signingKeys, deliver } = options;
  let inFlight = 0;
  const broker = new Broker({
    clock,
    currentSigningKey: signingKeys.current,
    nextSigningKey: signingKeys.next,
    courier: {
      call: async (parcel) => {
        const { promise: timedOut, resolve } = Promise.withResolvers<Outcome>();
        const error = `no answer within ${parcel.timeoutMs} ms`;
        const stopTimeout = clock.schedule(clock.now() + parcel.timeoutMs, () =>
          resolve({ kind: "unanswered", error }),
        );
        inFlight += 1;
        try {
          return await Promise.race([send(parcel), timedOut]);
        } finally {
          inFlight -= 1;
          stopTimeout();
        }
      },
      close: () => undefined,
    },
  });

  async function send({ url, method, header, body }: Parcel): Promise<Outcome> {
    try {
      const content = body.length === 0 ? {} : { body: new Uint8Array(body) };
      const response = await deliver(new Request(url, { method, headers: header, ...content }));
      const names = [...response.headers].map(
        ([name, value]) => [canonicalName(name), [value]] as const,
      );
      const bytes = Buffer.from(await response.arrayBuffer());
      const answered = { status: response.status, header: Object.fromEntries(names), body: bytes };
      return { kind: "answered", answer: answered };
    } catch (error) {
      return { kind: "unanswered", error: String(error) };
    }
  }

  return {
    broker,
    faults: broker.faults,
    misbehaviours: broker.misbehaviours,
    operations: broker.operations,
    idle: () =>
      options.driveUntil(() => inFlight === 0 && !options.isBusy() && !broker.timers.hasDue()),
    pendingMessages: () => broker.dispatcher.pending().map((message) => viewMessage(message)),
    fetch: async (request) => {
      const { pathname, search, href } = new URL(request.url);
      // A destination stands raw in the path, which a parsed URL would change.
      const url = request.url.slice(href.indexOf(pathname)) || `${pathname}${search}`;
      try {
        const { status, body } = await answer(broker, token, {
          method: request.method,
          url,
          headers: request.headers,
          body: Buffer.from(await request.arrayBuffer()),
          callerIp: "127.0.0.1",
        });
        return Response.json(body ?? null, { status });
      } catch (error) {
        if (error instanceof ConnectionCut) throw new TypeError("fetch failed", { cause: error });
        throw error;
      }
    },
  };
}
