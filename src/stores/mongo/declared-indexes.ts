import type { Index } from "../../ports/database.ts";
import { ENGINE_INDEXES } from "./indexes.ts";

let ofApps: readonly Index[] = [];

/**
 * Says which indexes the apps need besides the engine's. A Durable Object is made by the runtime, which
 * hands it no such list, so the worker declares it once, when its module is loaded: an object of the
 * worker runs in that same module.
 */
export function declareIndexes(indexes: readonly Index[]): void {
  ofApps = indexes;
}

/** Every index that this deployment must have. */
export function declaredIndexes(): readonly Index[] {
  return [...ENGINE_INDEXES, ...ofApps];
}
