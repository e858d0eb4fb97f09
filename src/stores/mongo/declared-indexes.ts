import type { Index } from "../../ports/database.ts";
import { ENGINE_INDEXES } from "./indexes.ts";

let ofApps: readonly Index[] = [];

/**
 * Declares the indexes that the apps need besides the engine's. The runtime creates Durable Objects
 * and can't pass them such a list, so the worker declares it once when its module is loaded; its
 * objects run in that same module.
 */
export function declareIndexes(indexes: readonly Index[]): void {
  ofApps = indexes;
}

/** Every index that this deployment must have. */
export function declaredIndexes(): readonly Index[] {
  return [...ENGINE_INDEXES, ...ofApps];
}
