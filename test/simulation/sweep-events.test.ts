import { EVENT_SCENARIOS } from "./scenarios/index.ts";
import { describeSweep } from "./support/sweep.ts";

await describeSweep(EVENT_SCENARIOS);
