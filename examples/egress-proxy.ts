/**
 * An egress proxy for Waybill: sends what the worker may not send by itself. It looks a host up,
 * holds every address to be public, and connects to one of those very addresses, so that no second
 * look-up can lead elsewhere. Node 24, no packages. Put it behind TLS, on a machine or in a network
 * segment from which nothing internal can be reached anyway:
 *
 *   EGRESS_PROXY_SECRET=$(openssl rand -hex 32) PORT=8090 node examples/egress-proxy.ts
 *
 * What is said between worker and proxy is in docs/webhook-addresses.md.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, request as requestHttp } from "node:http";
import type { ServerResponse } from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP } from "node:net";

/** An endpoint waits 15 s for its answer at most, an object's URL 10 s. */
const TIMEOUT_MS = 15_000;
/** Older requests, or ones from the future, may be somebody's recording. */
const TOLERANCE_SECONDS = 60;
/** A payload has 20 KB at most, an executor's job 1 MiB of input and some. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** The worker reads 4 KiB of an endpoint's answer, and 1 MiB of an object's URL. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
/** What of the target's answer the worker has a use for. */
const PASSED_ON = ["content-type", "content-encoding", "retry-after"] as const;

export type EgressProxyOptions = {
  readonly secret: string;
  readonly port?: number;
  readonly host?: string;
  /** Development only: loopback may be sent to, by http too. */
  readonly allowLoopback?: boolean;
  /** How a name is looked up: all its addresses. @default node:dns */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
};

type Target = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

/** What ends a request before the target has answered. */
class ProxyError extends Error {
  readonly status: number;
  /** Null when the request was not even the worker's. */
  readonly outcome: "refused" | "failed" | null;

  constructor(status: number, outcome: "refused" | "failed" | null, message: string) {
    super(message);
    this.status = status;
    this.outcome = outcome;
  }
}

/** https://www.iana.org/assignments/iana-ipv4-special-registry, multicast, Azure's host */
const NOT_PUBLIC = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, "ipv4");
}
/** https://www.iana.org/assignments/iana-ipv6-special-registry, inside 2000::/3 */
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, "ipv6");
}
/** Outside of it stand loopback, link-local, unique local, NAT64 and the forms that carry IPv4. */
const GLOBAL_UNICAST_V6 = new BlockList();
GLOBAL_UNICAST_V6.addSubnet("2000::", 3, "ipv6");

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether the Internet routes an address. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !NOT_PUBLIC.check(address, "ipv4");
  return GLOBAL_UNICAST_V6.check(address, "ipv6") && !NOT_PUBLIC.check(address, "ipv6");
}

function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

/** Starts the proxy; its URL is what `EGRESS_PROXY_URL` is set to. */
export async function startEgressProxy(options: EgressProxyOptions) {
  const server = createServer((request, response) => {
    forward(options, request, response).catch((error: unknown) => refuse(response, error));
  });
  const host = options.host ?? "127.0.0.1";
  await new Promise<void>((listening) => {
    server.listen(options.port ?? 0, host, listening);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    url: `http://${host}:${address.port}/`,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function forward(
  options: EgressProxyOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "POST") throw new ProxyError(405, null, "expected POST");
  const text = await readBody(request);
  authenticate(options.secret, request, text);
  const target = parseTarget(text);
  const address = await addressOf(options, target.url);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await send(target, address, signal);
  const headers = Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = answer.headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  response.writeHead(200, {
    ...headers,
    "waybill-egress-outcome": "answered",
    "waybill-egress-status": String(answer.statusCode),
  });
  response.once("close", () => answer.destroy());
  let left = MAX_ANSWER_BYTES;
  for await (const chunk of answer) {
    const bytes: Buffer = chunk;
    response.write(bytes.subarray(0, left));
    left -= bytes.length;
    if (left <= 0) break;
  }
  response.end();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    length += bytes.length;
    if (length > MAX_REQUEST_BYTES) throw new ProxyError(413, null, "the request is too large");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Nobody but the worker may send by this proxy; comparing takes the same time wherever it differs. */
function authenticate(secret: string, request: IncomingMessage, body: string): void {
  const timestamp = String(request.headers["waybill-egress-timestamp"] ?? "");
  const signature = String(request.headers["waybill-egress-signature"] ?? "");
  const isFresh = Math.abs(Date.now() / 1000 - Number(timestamp)) <= TOLERANCE_SECONDS;
  const expected = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest();
  const given = Buffer.from(signature, "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected) || !isFresh) {
    throw new ProxyError(401, null, "the signature doesn't fit, or the request is too old");
  }
}

function parseTarget(text: string): Target {
  try {
    const { method, url, headers, body } = JSON.parse(text);
    if (typeof method !== "string" || (body !== null && typeof body !== "string"))
      throw new Error();
    return { method, url: new URL(url), headers, body };
  } catch {
    throw new ProxyError(400, "failed", "expected method, url, headers and body");
  }
}

/** The one address that is connected to. Every address of the host must be public. */
async function addressOf(options: EgressProxyOptions, url: URL): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const resolve = options.resolve ?? resolveByDns;
  const addresses = isIP(host) === 0 ? await resolve(host).catch(() => []) : [host];
  const [first] = addresses;
  if (first === undefined) throw new ProxyError(502, "failed", "its host has no address");
  if (options.allowLoopback === true && addresses.every(isLoopback)) return first;
  if (url.protocol !== "https:") throw new ProxyError(403, "refused", "it must be https");
  if (!addresses.every(isPublic)) {
    throw new ProxyError(403, "refused", "its host leads to an address that is not a public one");
  }
  return first;
}

async function resolveByDns(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** Sends to this address and no other; the certificate is held against the host's name. */
function send(target: Target, address: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, url, headers, body } = target;
  const family = isIP(address);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
      method,
      headers: { ...headers, "accept-encoding": "identity" },
      signal,
      agent: false,
      // Pinned: asked instead of DNS when the socket is opened.
      lookup: (_host, options, found) =>
        options.all === true ? found(null, [{ address, family }]) : found(null, address, family),
    });
    request.once("response", resolve);
    request.once("error", () => {
      const reason = signal.aborted
        ? `no answer within ${TIMEOUT_MS / 1000} s`
        : "it can't be reached";
      reject(new ProxyError(signal.aborted ? 504 : 502, "failed", reason));
    });
    request.end(body ?? undefined);
  });
}

function refuse(response: ServerResponse, error: unknown): void {
  // The answer had begun: only cutting it off says that it is not whole.
  if (response.headersSent) return void response.destroy();
  const known = error instanceof ProxyError ? error : new ProxyError(500, "failed", "a bug");
  if (known.status === 500) console.error(error);
  response.writeHead(known.status, {
    "content-type": "text/plain; charset=utf-8",
    ...(known.outcome !== null && { "waybill-egress-outcome": known.outcome }),
  });
  response.end(known.message);
}

if (import.meta.main) {
  const { EGRESS_PROXY_SECRET: secret = "", PORT = "8090", HOST = "127.0.0.1" } = process.env;
  if (secret.length < 32) throw new Error("EGRESS_PROXY_SECRET: expected at least 32 characters");
  const allowLoopback = process.env["ALLOW_LOOPBACK"] === "true";
  const { url } = await startEgressProxy({ secret, port: Number(PORT), host: HOST, allowLoopback });
  console.log(`egress proxy on ${url}`);
}
