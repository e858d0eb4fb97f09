import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { ExecutorJob } from "../../src/contract/external-task.ts";

/** A job as the executor was posted it. */
export type ReceivedJob = ExecutorJob["data"] & { readonly webhookId: string };

/** An executor on loopback that takes jobs, verifies their signatures, and does nothing by itself. */
export type Executor = {
  readonly url: string;
  /** Verifies with this secret from now on. */
  secret: string;
  /** What the next posts are answered; 202 when it is empty. */
  readonly answers: number[];
  readonly jobs: ReceivedJob[];
  close(): Promise<void>;
};

/** An {@link Executor} at a URL, and how it answers what is posted there: with this status. */
export function createExecutor(url: string): {
  readonly executor: Omit<Executor, "close">;
  readonly take: (header: (name: string) => string, body: string) => number;
} {
  const executor: Omit<Executor, "close"> = { url, secret: "", answers: [], jobs: [] };
  const take = (header: (name: string) => string, body: string): number => {
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
    const headers = Object.fromEntries(names.map((name) => [name, header(name)]));
    const job = ExecutorJob.parse(new Webhook(executor.secret).verify(body, headers));
    executor.jobs.push({ ...job.data, webhookId: header("webhook-id") });
    return executor.answers.shift() ?? 202;
  };
  return { executor, take };
}

/** Starts an {@link Executor} on a free port. */
export async function startExecutor(): Promise<Executor> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      response.writeHead(take((name) => String(request.headers[name]), body)).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = isTcp(address) ? address.port : 0;
  const { executor, take } = createExecutor(`http://127.0.0.1:${port}/run`);
  return Object.assign(executor, {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
      }),
  });
}

function isTcp(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}
