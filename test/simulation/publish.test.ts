import { afterAll } from "vitest";
import { describeCutOffs } from "./support/cut-off.ts";
import { publishing } from "./support/publishing.ts";
import { subscribe } from "./support/scenario-parts.ts";
import { startSimulation } from "./support/simulation.ts";

const simulation = await startSimulation();
afterAll(() => simulation.close());

await describeCutOffs(
  simulation,
  publishing("publishing an event", async (where, api) => [
    await subscribe(where, api, ["orders.*"]),
  ]),
);
