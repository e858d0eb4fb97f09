import type { Runtime } from "../../ports/runtime.ts";
import { checkAddress } from "../../outbound/address-guard.ts";
import { type HostMemory, lookUpHost, type LookUpRules } from "../../outbound/look-up-host.ts";
import { type EgressProxy, outboundFetch } from "../../outbound/outbound-fetch.ts";
import { headersToKeep } from "./response-headers.ts";
import { unsealHeaders } from "./custom-headers.ts";
import { parseRetryAfter } from "./schedule.ts";
import { type SealingKeys, unseal } from "../../crypto/seal.ts";
import { signatureHeaders } from "./sign.ts";

/** How long an endpoint has to respond, headers and body; Standard Webhooks advises 15 to 30 s. */
export const TIMEOUT_MS = 15_000;

/** How much of a response is read and kept. */
export const RESPONSE_LIMIT_BYTES = 4096;

const ERROR_LIMIT_CHARACTERS = 300;

/** What to send, where, and for whom. */
export type AttemptTarget = {
  readonly webhook_id: string;
  readonly event_id: string;
  readonly url: string;
  /** The endpoint's own headers; null: none. */
  readonly sealed_headers: string | null;
  readonly sealed_secrets: readonly string[];
  readonly payload: string;
};

/** The result of an attempt; everything but `retryAfterSeconds` is logged. */
export type AttemptResult = {
  readonly at: Date;
  readonly latencyMs: number;
  readonly responseStatus: number | null;
  readonly responseHeaders: Readonly<Record<string, string>> | null;
  readonly responseBody: string | null;
  /** Null exactly when the endpoint answered 2xx. */
  readonly error: string | null;
  readonly retryAfterSeconds: number | null;
};

/** What an attempt means for the delivery. */
export type Verdict = "delivered" | "gone" | "failed";

/**
 * 2xx means delivered; 410 means that the endpoint wants no more events; anything else may be
 * retried.
 */
export function judge(result: AttemptResult): Verdict {
  if (result.error === null) return "delivered";
  return result.responseStatus === 410 ? "gone" : "failed";
}

/**
 * Makes one HTTP attempt: checks the URL and the addresses that its host resolves to now, signs,
 * posts. Never throws: an error becomes the attempt's result, and nothing is sent while the
 * resolver is unavailable. A redirect is a failure, since following it would send a signed payload
 * to an unchecked address.
 */
export async function makeAttempt({
  target,
  config,
  runtime,
  hosts,
}: {
  readonly target: AttemptTarget;
  readonly config: LookUpRules & {
    readonly sealingKeys: SealingKeys;
    readonly egressProxy: EgressProxy | null;
  };
  readonly runtime: Pick<Runtime, "fetch" | "now" | "log">;
  readonly hosts: HostMemory;
}): Promise<AttemptResult> {
  const at = runtime.now();
  const failed = (error: string): AttemptResult => ({
    at,
    latencyMs: elapsedMs(at, runtime.now()),
    responseStatus: null,
    responseHeaders: null,
    responseBody: null,
    error,
    retryAfterSeconds: null,
  });
  const refused = (reason: string) => {
    const { webhook_id, event_id } = target;
    runtime.log("warn", "an address was refused", { webhook_id, event_id, reason });
    return failed(`the URL is refused: ${reason}`);
  };
  const address = checkAddress(target.url, config);
  if (address.kind === "refused") return refused(address.reason);
  const host = await lookUpHost({ url: address.url, rules: config, runtime, memory: hosts });
  if (host.kind === "refused") return refused(host.reason);
  if (host.kind !== "public") return failed(host.reason);
  const headers = await signedHeaders(target, config.sealingKeys, at);
  if (headers === null) return failed("what is sealed can't be opened with these sealing keys");
  try {
    const response = await outboundFetch(config.egressProxy, runtime)(address.url.href, {
      method: "POST",
      headers,
      body: target.payload,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const responseBody = await readHead(response);
    const now = runtime.now();
    return {
      at,
      latencyMs: elapsedMs(at, now),
      responseStatus: response.status,
      responseHeaders: headersToKeep(response.headers),
      responseBody,
      error: response.ok ? null : describeStatus(response.status),
      retryAfterSeconds: parseRetryAfter(response.headers.get("Retry-After"), now),
    };
  } catch (error) {
    return failed(describeError(error));
  }
}

async function signedHeaders(
  target: AttemptTarget,
  keys: SealingKeys,
  at: Date,
): Promise<Headers | null> {
  try {
    const { webhook_id: id, sealed_secrets, sealed_headers } = target;
    const secrets = await Promise.all(sealed_secrets.map((one) => unseal(one, keys, id)));
    const own = await unsealHeaders(sealed_headers, keys, id);
    const message = { id: target.event_id, at, body: target.payload };
    const headers = new Headers({ "user-agent": "Waybill-Webhooks/1" });
    // Set, not appended, and after the endpoint's own headers, so ours always win.
    const ours = {
      "content-type": "application/json",
      ...(await signatureHeaders(secrets, message)),
    };
    for (const [name, value] of [...Object.entries(own), ...Object.entries(ours)]) {
      headers.set(name, value);
    }
    return headers;
  } catch {
    return null;
  }
}

/**
 * The first 4 KiB of a response as text. The rest is never read: an endpoint can't fill memory or
 * hold an attempt open with an endless body. A body that breaks off doesn't undo the status.
 */
async function readHead(response: Response): Promise<string> {
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let left = RESPONSE_LIMIT_BYTES;
  try {
    while (left > 0) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.byteLength;
    }
    void reader.cancel().catch(() => undefined);
  } catch {
    // The status has arrived; keep what was read of the body.
  }
  return text;
}

function describeStatus(status: number): string {
  return status >= 300 && status < 400
    ? `HTTP ${status}: redirects are not followed`
    : `HTTP ${status}`;
}

function describeError(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") {
    return `no answer within ${TIMEOUT_MS / 1000} s`;
  }
  return String(error instanceof Error ? error.message : error).slice(0, ERROR_LIMIT_CHARACTERS);
}

/** Clocks may step back, but a latency is never negative. */
function elapsedMs(from: Date, to: Date): number {
  return Math.max(0, to.getTime() - from.getTime());
}
