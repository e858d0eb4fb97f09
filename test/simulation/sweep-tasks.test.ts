import { TASK_SCENARIOS } from "./scenarios/index.ts";
import { describeSweep } from "./support/sweep.ts";

await describeSweep(TASK_SCENARIOS);
