import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { FaultPlan, OperationLog } from "../faults.ts";
import { RedisBridge } from "./bridge.ts";
import { CommandRunner } from "./command-runner.ts";
import type { Outcome } from "./command-runner.ts";
import { encodeAnswer, encodeError } from "./http-encoding.ts";
import type { ReplyEncoding } from "./http-encoding.ts";
import { readRequest } from "./http-request.ts";
import type { RestRequest } from "./http-request.ts";
import { MemoryBackend } from "./memory-backend.ts";
import { RedisError } from "./reply.ts";

export type RedisServerOptions = {
  /** 0 is any free port. @default 0 */
  port?: number;
  /** What clients must send as `Authorization: Bearer …` or `?_token=…`. */
  token: string;
  /** A real Redis to stand in front of, `redis://…`; in memory when absent. */
  redisUrl?: string;
  /** The clock of the memory backend in ms since the epoch, for tests of expiry. @default Date.now */
  now?: () => number;
};

export type RedisServer = {
  readonly url: string;
  readonly port: number;
  readonly token: string;
  readonly faults: FaultPlan;
  readonly operations: OperationLog;
  /** Removes all keys; scripts stay, as with FLUSHALL. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

/** @see https://upstash.com/docs/redis/troubleshooting/max_request_size_exceeded (free plan) */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
const KEEP_ALIVE_MS = 65_000;
/** Upstash answers 405 to all others. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT"]);

export type Answer = { readonly status: number; readonly body: string };

/**
 * Starts the stand-in for Upstash's Redis REST API on 127.0.0.1.
 *
 * Plain node:http, no framework: there are three paths to tell apart, the server stands in the
 * way of a benchmark, and a fault must be able to destroy the socket.
 * @see https://upstash.com/docs/redis/features/restapi
 */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const faults = new FaultPlan();
  const operations = new OperationLog();
  const backend =
    options.redisUrl === undefined
      ? await MemoryBackend.create(options.now ?? Date.now)
      : await RedisBridge.connect(options.redisUrl);
  const runner = new CommandRunner(backend, faults, operations);
  const bearer = `Bearer ${options.token}`;

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      console.error("redis stand-in:", error);
      if (response.headersSent) response.destroy();
      else send(response, { status: 500, body: encodeError("ERR internal error") });
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const { path, query } = splitUrl(request.url ?? "/");
    if (request.headers.authorization !== bearer && query?.get("_token") !== options.token) {
      // The words are the service's own: clients look for WRONGPASS.
      const message = "WRONGPASS invalid or missing auth token";
      return send(response, { status: 401, body: encodeError(message) });
    }
    const refusal = refuse(request, body);
    if (refusal !== null) return send(response, refusal);
    let asked: RestRequest;
    try {
      asked = readRequest(path, query, body);
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      return send(response, badRequest(error.message));
    }
    const encoding = request.headers["upstash-encoding"] === "base64" ? "base64" : "text";
    const outcome = await answer(runner, asked, encoding);
    // No answer at all: the caller can't know whether its command was carried out.
    if (outcome.kind === "cut") request.socket.destroy();
    else if (outcome.kind === "done") send(response, outcome.value, runner.syncToken());
    else send(response, { status: 500, body: encodeError(outcome.message) });
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on TCP");
  const { port } = address;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    token: options.token,
    faults,
    operations,
    flush: () => backend.flush(),
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      server.closeAllConnections();
      await closed;
      await backend.close();
    },
  };
}

/** Carries a request out and words the answer. A broken command of a pipeline leaves it at 200. */
export async function answer(
  runner: CommandRunner,
  asked: RestRequest,
  encoding: ReplyEncoding,
): Promise<Outcome<Answer>> {
  if (asked.kind === "command") {
    return mapOutcome(await runner.run(asked.command), (reply) => ({
      status: reply instanceof RedisError ? 400 : 200,
      body: encodeAnswer(reply, encoding),
    }));
  }
  const outcome =
    asked.kind === "pipeline"
      ? await runner.runPipeline(asked.commands)
      : await runner.runTransaction(asked.commands);
  return mapOutcome(outcome, (replies) =>
    replies instanceof RedisError
      ? badRequest(replies.message)
      : {
          status: 200,
          body: `[${replies.map((reply) => encodeAnswer(reply, encoding)).join(",")}]`,
        },
  );
}

function mapOutcome<T>(outcome: Outcome<T>, encode: (value: T) => Answer): Outcome<Answer> {
  if (outcome.kind !== "done") return outcome;
  return { kind: "done", value: encode(outcome.value) };
}

function badRequest(message: string): Answer {
  return { status: 400, body: encodeError(message) };
}

/** What is refused whatever the command is. */
function refuse(request: IncomingMessage, body: Buffer): Answer | null {
  if (!METHODS.has(request.method ?? "")) {
    return { status: 405, body: encodeError("ERR unsupported HTTP method") };
  }
  const format = request.headers["upstash-response-format"];
  if (format !== undefined && format !== "json") {
    return badRequest("ERR the local stand-in answers in the format json only");
  }
  if (body.length > MAX_REQUEST_BYTES) {
    return badRequest(
      `ERR max request size exceeded. Limit: ${MAX_REQUEST_BYTES} bytes, Actual: ${body.length} bytes`,
    );
  }
  return null;
}

function splitUrl(url: string): { path: string; query: URLSearchParams | null } {
  const mark = url.indexOf("?");
  if (mark < 0) return { path: url, query: null };
  return { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    });
    request.on("error", reject);
  });
}

function send(response: ServerResponse, { status, body }: Answer, syncToken?: string): void {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (syncToken !== undefined) headers["upstash-sync-token"] = syncToken;
  response.writeHead(status, headers);
  response.end(body);
}
