import type { Runtime } from "../ports/runtime.ts";

/** The deployer's own forwarding endpoint, which resolves, checks and connects in one step. */
export type EgressProxy = { readonly url: string; readonly secret: string };

/** The proxy's error in place of a response; the message is for a person. */
export class EgressError extends Error {
  override readonly name = "EgressError";
  /** Whether it refused the address, or failed for another reason. */
  readonly kind: "refused" | "failed";

  constructor(kind: "refused" | "failed", message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The version of the protocol between worker and proxy; see `docs/webhook-addresses.md`. */
const PROTOCOL_VERSION = "1";

/** Statuses that have no body; `Response` takes none with them (Fetch, "null body status"). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

const REASON_LIMIT_CHARACTERS = 200;

/**
 * What sends a request to a URL that a caller chose: `fetch` itself, or through the egress proxy
 * where one is set. A worker can't speak CONNECT by `fetch`, so the request is posted to the proxy
 * as JSON, signed with the shared secret over time and body; the answer's body is streamed through.
 * Rejects with an {@link EgressError} when the proxy refuses or fails.
 */
export function outboundFetch(
  proxy: EgressProxy | null,
  runtime: Pick<Runtime, "fetch" | "now">,
): Runtime["fetch"] {
  if (proxy === null) return runtime.fetch;
  return async (url, init) => {
    const body = JSON.stringify({
      method: init.method ?? "GET",
      url,
      headers: Object.fromEntries(new Headers(init.headers)),
      body: typeof init.body === "string" ? init.body : null,
    });
    const timestamp = String(Math.floor(runtime.now().getTime() / 1000));
    const answer = await runtime.fetch(proxy.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "waybill-egress-version": PROTOCOL_VERSION,
        "waybill-egress-timestamp": timestamp,
        "waybill-egress-signature": await sign(proxy.secret, `${timestamp}.${body}`),
      },
      body,
      redirect: "manual",
      ...(init.signal && { signal: init.signal }),
    });
    return targetsAnswer(answer);
  };
}

/**
 * Extracts the target's response from the proxy's. The target's status is in a header and the
 * proxy's own is 200, since an intermediary may replace a 5xx with its own page.
 */
async function targetsAnswer(answer: Response): Promise<Response> {
  const outcome = answer.headers.get("waybill-egress-outcome");
  if (answer.status === 200 && outcome === "answered") {
    const status = Number(answer.headers.get("waybill-egress-status"));
    if (!(status >= 200 && status <= 599)) {
      throw new EgressError("failed", "the egress proxy gave no status of an answer");
    }
    const body = BODILESS.has(status) ? null : answer.body;
    if (body === null) await answer.body?.cancel();
    return new Response(body, { status, headers: answer.headers });
  }
  const reason = (await answer.text()).slice(0, REASON_LIMIT_CHARACTERS);
  if (outcome === "refused") {
    throw new EgressError("refused", `the URL is refused by the egress proxy: ${reason}`);
  }
  // Without the header, the response is not the proxy's, and its origin is unknown.
  throw new EgressError(
    "failed",
    outcome === "failed" ? reason : `the egress proxy answered ${answer.status}`,
  );
}

/** HMAC-SHA256 in hexadecimal. */
async function sign(secret: string, content: string): Promise<string> {
  const encoder = new TextEncoder();
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), hmac, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(content)));
  return Array.from(signature, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
