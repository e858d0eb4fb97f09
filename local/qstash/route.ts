import type { Broker } from "./broker.ts";
import { invalid } from "./errors.ts";
import type { Reply } from "./intake.ts";
import type { HeaderSource } from "./options.ts";

/** A request, taken apart. */
export type Call = {
  readonly broker: Broker;
  readonly method: string;
  /** Without the query; a trailing slash is dropped. */
  readonly path: string;
  /** As it came, without "?", and without what is meant for QStash itself. */
  readonly destinationQuery: string;
  readonly query: URLSearchParams;
  readonly headers: HeaderSource;
  readonly body: Buffer;
  readonly callerIp: string;
};

type RouteBase = { readonly methods: readonly string[]; readonly path: RegExp };

export type Route = RouteBase &
  (
    | {
        /** `names` are the path's groups, percent-decoded. */
        readonly run: (call: Call, names: readonly string[]) => Reply;
        readonly isMessageRoute?: never;
      }
    | {
        /** It asks for faults and records operations itself, message by message. */
        readonly run: (call: Call, names: readonly string[]) => Promise<Reply>;
        readonly isMessageRoute: true;
      }
  );

export const OK: Reply = { status: 200 };
export const ok = (body: unknown): Reply => ({ status: 200, body });

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw invalid("the body is not JSON");
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The destination stands raw in the path: what follows `prefix`, its query included. */
export function rawDestination(call: Call, prefixLength: number): string {
  const path = call.path.slice(prefixLength);
  return call.destinationQuery === "" ? path : `${path}?${call.destinationQuery}`;
}
