import { publishing } from "../support/publishing.ts";
import { subscribe } from "../support/scenario-parts.ts";

export const published = publishing("publishing an event", async (where, api) => [
  await subscribe(where, api, ["orders.*"]),
]);
