import { createServer } from "node:http";
import type { FaultPlan, OperationLog } from "../faults.ts";
import { Broker } from "./broker.ts";
import { realClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { createListener } from "./http.ts";
import { viewMessage } from "./message.ts";
import type { MessageView } from "./message.ts";
import type { Misbehaviours } from "./misbehaviour.ts";

export type QStashServerOptions = {
  /** 0, the default, takes any free port. */
  port?: number;
  token: string;
  currentSigningKey: string;
  nextSigningKey: string;
  /** Default: the wall clock. */
  clock?: Clock;
};

export type QStashServer = {
  /** `http://127.0.0.1:port`, the `baseUrl` of the official client. */
  url: string;
  port: number;
  token: string;
  /** What ends in an error. */
  faults: FaultPlan;
  /** What ends well, but oftener or in another order than one would like. */
  misbehaviours: Misbehaviours;
  operations: OperationLog;
  clock: Clock;
  /** Resolves once nothing is in flight and nothing is due at the clock's present time. */
  idle(): Promise<void>;
  /** The messages that are not settled: what waits, and until when. */
  pendingMessages(): readonly MessageView[];
  close(): Promise<void>;
};

/** Longer than any client keeps an idle connection, so that it is never closed under a request. */
const KEEP_ALIVE_MS = 120_000;

/** Starts a stand-in for QStash that listens on the loopback interface only. */
export async function startQStashServer(options: QStashServerOptions): Promise<QStashServer> {
  const { token, currentSigningKey, nextSigningKey, clock = realClock() } = options;
  const broker = new Broker({ clock, currentSigningKey, nextSigningKey });
  const server = createServer(createListener(broker, token));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port was given");
  const { port } = address;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    token,
    faults: broker.faults,
    misbehaviours: broker.misbehaviours,
    operations: broker.operations,
    clock,
    idle: () => broker.idle(),
    pendingMessages: () => broker.dispatcher.pending().map(viewMessage),
    close: async () => {
      broker.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
