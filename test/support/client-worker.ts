import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import getPort from "get-port";
import { z } from "zod";
import { killWithParent } from "../../local/watchdog.ts";

const { default: workerdPath } = z
  .object({ default: z.string() })
  .parse(createRequire(import.meta.url)("workerd"));

const START_TIMEOUT_MS = 20_000;

const WORKER = `import * as waybill from "waybill";
import { scenario } from "scenario";
export default {
  async fetch(request) {
    if (request.method === "GET") return new Response("ready");
    try {
      return Response.json(await scenario(waybill, await request.json()));
    } catch (error) {
      return Response.json({ thrown: String(error), stack: error.stack });
    }
  },
};`;

const config = (port: number) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "caller", worker = .caller),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "caller")],
);
const caller :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "waybill", esModule = embed "waybill.js"),
    (name = "scenario", esModule = embed "scenario.js"),
  ],
  compatibilityDate = "2026-01-01",
);
`;

/** A worker that has the built client, without any compatibility flag, and plays the scenario. */
export type ClientWorker = {
  play(scenario: object): Promise<unknown>;
  close(): Promise<void>;
};

export async function startClientWorker(): Promise<ClientWorker> {
  const port = await getPort({ host: "127.0.0.1" });
  const url = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), "waybill-client-worker-"));
  await copyFile(
    new URL("../../client/dist/index.js", import.meta.url),
    join(folder, "waybill.js"),
  );
  await copyFile(new URL("client-scenario.mjs", import.meta.url), join(folder, "scenario.js"));
  await writeFile(join(folder, "worker.js"), WORKER);
  await writeFile(join(folder, "config.capnp"), config(port));
  const child = spawn(workerdPath, ["serve", "config.capnp"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  const disarm = child.pid === undefined ? null : killWithParent(child.pid);
  const exited = once(child, "exit").then(() => disarm?.());
  const close = async () => {
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(25)) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      await close();
      throw new Error("workerd did not start");
    }
  }
  return {
    play: async (scenario) => {
      const response = await fetch(url, { method: "POST", body: JSON.stringify(scenario) });
      return response.json();
    },
    close,
  };
}
