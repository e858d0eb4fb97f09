import { readFile } from "node:fs/promises";
import { z } from "zod";
import { launch } from "../../local/miniflare.ts";

const WORKER = `import * as waybill from "./waybill.js";
import { scenario } from "./scenario.js";
export default {
  async fetch(request) {
    try {
      return Response.json(await scenario(waybill, await request.json()));
    } catch (error) {
      return Response.json({ thrown: String(error), stack: error.stack });
    }
  },
};`;

/** A worker that has the built client, without any compatibility flag, and plays the scenario. */
export type ClientWorker = {
  play(scenario: object): Promise<unknown>;
  close(): Promise<void>;
};

export async function startClientWorker(): Promise<ClientWorker> {
  const [waybill, scenario] = await Promise.all([
    readFile(new URL("../../client/dist/index.js", import.meta.url), "utf8"),
    readFile(new URL("client-scenario.mjs", import.meta.url), "utf8"),
  ]);
  const miniflare = await launch({
    modules: [
      { type: "ESModule", path: "worker.js", contents: WORKER },
      { type: "ESModule", path: "waybill.js", contents: waybill },
      { type: "ESModule", path: "scenario.js", contents: scenario },
    ],
    compatibilityDate: "2026-01-01",
  });
  return {
    play: async (input) => {
      const body = JSON.stringify(input);
      const response = await miniflare.dispatchFetch("http://worker/", { method: "POST", body });
      return z.unknown().parse(await response.json());
    },
    close: () => miniflare.dispose(),
  };
}
