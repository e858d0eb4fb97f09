import { toCatalog } from "./engine/subscriber.ts";

/**
 * The deployer's own subscribers: none as published. One more is a file in this folder and a line
 * here (`docs/events.md`, "Subscribers in code").
 */
export const SUBSCRIBERS = toCatalog([]);
