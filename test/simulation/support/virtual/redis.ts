import { FaultPlan, OperationLog } from "../../../../local/faults.ts";
import { CommandRunner } from "../../../../local/redis/command-runner.ts";
import { readRequest } from "../../../../local/redis/http-request.ts";
import { MemoryBackend } from "../../../../local/redis/memory-backend.ts";
import { answer } from "../../../../local/redis/server.ts";

/** The commands of `local/redis` behind Upstash's REST interface, without sockets. */
export type VirtualRedis = {
  readonly faults: FaultPlan;
  readonly operations: OperationLog;
  flush(): Promise<void>;
  fetch(request: Request): Promise<Response>;
};

let time: () => number = () => 0;

/** One for the process, since starting the script interpreter takes longer than a case. */
const backend = await MemoryBackend.create(() => time());

/** An empty Redis; the one before is no more. */
export async function createVirtualRedis(now: () => number): Promise<VirtualRedis> {
  time = now;
  await backend.flush();
  const faults = new FaultPlan();
  const operations = new OperationLog();
  const runner = new CommandRunner(backend, faults, operations);
  return {
    faults,
    operations,
    flush: () => backend.flush(),
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const asked = readRequest(pathname, null, Buffer.from(await request.arrayBuffer()));
      const encoding = request.headers.get("upstash-encoding") === "base64" ? "base64" : "text";
      const outcome = await answer(runner, asked, encoding);
      if (outcome.kind === "cut") throw new TypeError("fetch failed");
      if (outcome.kind === "refused") {
        return Response.json({ error: outcome.message }, { status: 500 });
      }
      const { status, body } = outcome.value;
      const headers = {
        "content-type": "application/json",
        "upstash-sync-token": runner.syncToken(),
      };
      return new Response(body, { status, headers });
    },
  };
}
