/**
 * The part of autocannon that the bench uses. Written here so that the type check needs nothing
 * of bench/node_modules (https://github.com/mcollina/autocannon#readme).
 */
declare module "autocannon" {
  import type { EventEmitter } from "node:events";

  export type Request = {
    readonly method: "GET" | "POST";
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };

  export type Client = { setRequests(requests: readonly Request[]): void };

  export type Options = {
    readonly url: string;
    readonly connections: number;
    /** Seconds; for `amount` it is not looked at. */
    readonly duration?: number;
    readonly amount?: number;
    /** How often, in ms, it looks whether it should stop. */
    readonly sampleInt: number;
    readonly setupClient: (client: Client) => void;
  };

  /**
   * Emits `response` (client, statusCode, bytes, milliseconds) and `reqError` (error), and is a
   * promise of its own statistics.
   */
  export type Run = EventEmitter & Promise<unknown>;

  export default function autocannon(options: Options): Run;
}
