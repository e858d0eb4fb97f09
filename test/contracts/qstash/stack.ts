import { Client, Receiver } from "@upstash/qstash";
import { drivenClock } from "../../../local/qstash/clock.ts";
import type { DrivenClock } from "../../../local/qstash/clock.ts";
import { startQStashServer } from "../../../local/qstash/server.ts";
import type { QStashServer } from "../../../local/qstash/server.ts";
import { TestReceiver } from "./receiver.ts";

export const TOKEN = "test-token";
export const CURRENT_KEY = "sig_test_current_key";
export const NEXT_KEY = "sig_test_next_key";

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export type ApiAnswer = { readonly status: number; readonly json: unknown };

/** A stand-in with a clock that only the test moves, its official client, and a destination. */
export type Stack = {
  readonly server: QStashServer;
  readonly clock: DrivenClock;
  readonly client: Client;
  readonly receiver: TestReceiver;
  readonly startMs: number;
  /** A plain request with the token, for what the client doesn't send. */
  readonly api: (
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: string | Uint8Array<ArrayBuffer> },
  ) => Promise<ApiAnswer>;
  /** Seconds from the start at which each request came in on a path. */
  readonly secondsAt: (path: string) => number[];
  readonly close: () => Promise<void>;
};

export async function startStack({ heldAfterMs = 2_000 } = {}): Promise<Stack> {
  // Receivers check `exp` by the wall clock, so driven time has to start there. A whole second
  // keeps `Retry-After` dates, which have no milliseconds, exact.
  const startMs = Math.ceil(Date.now() / SECOND_MS) * SECOND_MS;
  const clock = drivenClock(startMs, { heldAfterMs });
  const receiver = new TestReceiver(() => clock.now());
  await receiver.start();
  const server = await startQStashServer({
    token: TOKEN,
    currentSigningKey: CURRENT_KEY,
    nextSigningKey: NEXT_KEY,
    clock,
  });
  return {
    server,
    clock,
    receiver,
    startMs,
    client: createClient(server.url, TOKEN),
    api: async (method, path, { headers = {}, body } = {}) => {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: { Authorization: `Bearer ${TOKEN}`, ...headers },
        ...(body !== undefined && { body }),
      });
      const text = await response.text();
      return { status: response.status, json: text === "" ? undefined : JSON.parse(text) };
    },
    secondsAt: (path) => receiver.at(path).map(({ atMs }) => (atMs - startMs) / SECOND_MS),
    close: async () => {
      await server.close();
      await receiver.close();
    },
  };
}

export function createClient(baseUrl: string, token: string): Client {
  return new Client({ baseUrl, token, devMode: false, retry: false });
}

export function createSignatureReceiver(currentSigningKey: string, nextSigningKey: string) {
  return new Receiver({ currentSigningKey, nextSigningKey, devMode: false });
}

/** The text that an answer has under a name. */
export function textOf(json: unknown, name: string): string {
  const value: unknown = typeof json === "object" && json !== null ? Reflect.get(json, name) : null;
  if (typeof value !== "string") throw new TypeError(`no text under ${name}`);
  return value;
}

/** The claims of a JWT, unchecked. */
export function claimsOf(signature: string): Record<string, unknown> {
  const payload = signature.split(".")[1] ?? "";
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
}
