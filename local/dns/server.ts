import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { FaultPlan, OperationLog, waitFor } from "../faults.ts";

export type DnsServerOptions = {
  /** 0 is any free port. @default 0 */
  readonly port?: number;
};

/** What a name has. A name with neither addresses nor `cname` exists and has no address. */
export type DnsRecords = {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
  /** Another name whose records are answered too. */
  readonly cname?: string;
  /** In seconds. @default 300 */
  readonly ttl?: number;
  /** An answer without records. @default "NOERROR" */
  readonly status?: keyof typeof STATUS;
};

export type DnsServer = {
  /** The address to ask, its path included. */
  readonly url: string;
  readonly port: number;
  readonly faults: FaultPlan;
  /** One `A` or `AAAA` for each question; the target is the name. */
  readonly operations: OperationLog;
  /** Gives a name these records from now on, in place of what it had. */
  set(name: string, records: DnsRecords): void;
  close(): Promise<void>;
};

/** https://www.iana.org/assignments/dns-parameters (RCODEs) */
const STATUS = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

/** The types of records that are answered. */
const TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;

const DEFAULT_TTL_SECONDS = 300;

/** A resolver gives up before it follows more names than this. */
const MAX_CHAIN = 8;

/** Names that were given no records are somewhere in public: addresses that example.com has had. */
const ANYWHERE: DnsRecords = {
  a: ["93.184.215.14"],
  aaaa: ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
};

type Answered = {
  readonly name: string;
  readonly type: number;
  readonly TTL: number;
  readonly data: string;
};

/**
 * Starts a resolver on 127.0.0.1 that speaks the JSON form of DNS over HTTPS. It asks nobody: what
 * it was not told is answered with a public address, so that a machine without a network can work.
 * @see https://developers.google.com/speed/public-dns/docs/doh/json
 * @see https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/
 */
export async function startDnsServer(options: DnsServerOptions = {}): Promise<DnsServer> {
  const faults = new FaultPlan();
  const operations = new OperationLog();
  const zone = new Map<string, DnsRecords>();

  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://resolver");
    const name = (url.searchParams.get("name") ?? "").toLowerCase().replace(/\.$/, "");
    const type = (url.searchParams.get("type") ?? "A").toUpperCase();
    if (request.method !== "GET" || url.pathname !== "/dns-query" || name === "") {
      return send(response, 400, { error: "expected GET /dns-query?name=…&type=A" });
    }
    if (type !== "A" && type !== "AAAA") return send(response, 400, { error: "A and AAAA only" });
    const operation = { name: type, target: name, isWrite: false };
    operations.record(operation);
    for (const phase of ["before", "after"] as const) {
      const action = faults.decide(phase, operation);
      if (action?.kind === "cut") return void response.destroy();
      if (action?.kind === "refuse") return send(response, 503, { error: "out of order" });
      if (action !== null) await waitFor(action);
    }
    send(response, 200, resolve(zone, name, type));
  }

  await new Promise<void>((listening) => {
    server.listen(options.port ?? 0, "127.0.0.1", listening);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the resolver has no port");
  return {
    url: `http://127.0.0.1:${address.port}/dns-query`,
    port: address.port,
    faults,
    operations,
    set: (name, records) => void zone.set(name.toLowerCase(), records),
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function resolve(
  zone: ReadonlyMap<string, DnsRecords>,
  name: string,
  type: "A" | "AAAA",
): Record<string, unknown> {
  const answers: Answered[] = [];
  let status: keyof typeof STATUS = "NOERROR";
  let at: string | undefined = name;
  for (let links = 0; at !== undefined; links += 1) {
    if (links > MAX_CHAIN) {
      status = "SERVFAIL";
      break;
    }
    const owner: string = at;
    const records: DnsRecords = zone.get(owner) ?? ANYWHERE;
    status = records.status ?? "NOERROR";
    const TTL = records.ttl ?? DEFAULT_TTL_SECONDS;
    const add = (recordType: number, data: string) =>
      answers.push({ name: `${owner}.`, type: recordType, TTL, data });
    at = records.cname?.toLowerCase();
    if (at !== undefined) add(TYPES.CNAME, `${at}.`);
    for (const data of (type === "A" ? records.a : records.aaaa) ?? []) add(TYPES[type], data);
  }
  return {
    Status: STATUS[status],
    TC: false,
    RD: true,
    RA: true,
    AD: false,
    CD: false,
    Question: [{ name: `${name}.`, type: TYPES[type] }],
    ...(answers.length > 0 && { Answer: answers }),
  };
}

function send(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { "content-type": "application/dns-json" });
  response.end(JSON.stringify(body));
}
