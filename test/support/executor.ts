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

/** Starts an {@link Executor} on a free port. */
export async function startExecutor(): Promise<Executor> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const id = String(request.headers["webhook-id"]);
      const headers = {
        "webhook-id": id,
        "webhook-timestamp": String(request.headers["webhook-timestamp"]),
        "webhook-signature": String(request.headers["webhook-signature"]),
      };
      const job = ExecutorJob.parse(new Webhook(executor.secret).verify(body, headers));
      executor.jobs.push({ ...job.data, webhookId: id });
      response.writeHead(executor.answers.shift() ?? 202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = isTcp(address) ? address.port : 0;
  const executor: Executor = {
    url: `http://127.0.0.1:${port}/run`,
    secret: "",
    answers: [],
    jobs: [],
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return executor;
}

function isTcp(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}
