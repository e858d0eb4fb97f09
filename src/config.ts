import { z } from "zod";
import { ownHostOf } from "./outbound/address-guard.ts";
import type { EgressProxy } from "./outbound/outbound-fetch.ts";
import type { SealingKeys } from "./crypto/seal.ts";

const Url = z.url({ protocol: /^https?$/ });
const Secret = z.string().min(1);

/** The value that switches look-ups off: explicit, so it can't happen by omission. */
const NO_LOOK_UPS = "off";

/** Names, separated by commas; everything under a name is blocked too. */
const HostNames = z
  .string()
  .regex(/^[A-Za-z0-9_.\-\s,]*$/, { error: "expected host names separated by commas" })
  .transform((text) =>
    text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean),
  );

const SealingKey = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: "expected 64 hexadecimal digits (openssl rand -hex 32)" });
const Whole = (fallback: number) => z.coerce.number().int().min(1).default(fallback);

/** The worker's variables and secrets (`docs/operations.md` says what each is for). */
export const Environment = z.object({
  PUBLIC_URL: Url,
  ADMIN_KEY: z.string().min(16, { error: "expected at least 16 characters" }),
  UPSTASH_REDIS_REST_URL: Url,
  UPSTASH_REDIS_REST_TOKEN: Secret,
  QSTASH_URL: Url,
  QSTASH_TOKEN: Secret,
  QSTASH_CURRENT_SIGNING_KEY: Secret,
  QSTASH_NEXT_SIGNING_KEY: Secret,
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, { error: "expected a mongodb:// or mongodb+srv:// URI" }),
  MONGODB_DATABASE: z.string().min(1).default("waybill"),
  MONGODB_POOL_SIZE: Whole(4),
  SEALING_KEY: SealingKey,
  SEALING_KEY_PREVIOUS: SealingKey.optional(),
  ALLOW_LOOPBACK: z.enum(["true", "false"]).default("false"),
  DNS_RESOLVER_URL: z
    .union([z.literal(NO_LOOK_UPS), Url], { error: 'expected an https URL or "off"' })
    .default("https://cloudflare-dns.com/dns-query"),
  EGRESS_PROXY_URL: z
    .union([z.literal(""), Url], { error: "expected an https URL, or nothing" })
    .default(""),
  EGRESS_PROXY_SECRET: z
    .string()
    .min(32, { error: "expected at least 32 characters (openssl rand -hex 32)" })
    .optional(),
  BLOCKED_HOSTS: HostNames.prefault(""),
  LEASE_SECONDS: z.coerce
    .number()
    .int()
    // A job's writes need 25 s of it left (`src/engine/runner/lease-guard.ts`).
    .min(30, { error: "expected at least 30" })
    .default(60),
  // 0: after each step.
  HEARTBEAT_INTERVAL_MS: z.coerce.number().int().min(0).default(1000),
  INVOCATION_BUDGET_MS: Whole(20_000),
  INVOCATION_MAX_STEPS: Whole(200),
  JOB_PARALLELISM: Whole(10),
  RETENTION_DAYS: Whole(365),
});

/** The configuration, parsed once per isolate; everything else gets it as an argument. */
export type Config = {
  /** Where QStash reaches this deployment, without a trailing slash. */
  readonly publicUrl: string;
  readonly adminKey: string;
  readonly redis: { readonly url: string; readonly token: string };
  readonly qstash: {
    readonly url: string;
    readonly token: string;
    readonly currentSigningKey: string;
    readonly nextSigningKey: string;
  };
  readonly mongodb: { readonly uri: string; readonly database: string; readonly poolSize: number };
  /** Seal secrets and headers at rest and in messages: AES-256-GCM, hexadecimal. */
  readonly sealingKeys: SealingKeys;
  /** Development only: webhook and object URLs may be http on loopback. */
  readonly allowLoopback: boolean;
  /** No request to a caller's URL goes to these (`AddressRules` says how they are written). */
  readonly ownHosts: readonly string[];
  /** Answers A and AAAA in the JSON form of DNS over HTTPS; null when look-ups are off. */
  readonly dnsResolverUrl: string | null;
  /** Requests to callers' URLs go through it; null to send directly. */
  readonly egressProxy: EgressProxy | null;
  readonly jobs: {
    readonly leaseSeconds: number;
    readonly heartbeatIntervalMs: number;
    readonly invocationBudgetMs: number;
    readonly invocationMaxSteps: number;
    /** How many jobs of one namespace run at once. */
    readonly parallelism: number;
  };
  readonly retentionDays: number;
};

/** Parses the environment. Throws with the name of every variable that is missing or wrong. */
export function parseConfig(environment: Record<string, unknown>): Config {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The worker's configuration is wrong. ${wrong.join("; ")}`);
  }
  const env = parsed.data;
  return {
    publicUrl: env.PUBLIC_URL.replace(/\/+$/, ""),
    adminKey: env.ADMIN_KEY,
    redis: { url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN },
    qstash: {
      url: env.QSTASH_URL,
      token: env.QSTASH_TOKEN,
      currentSigningKey: env.QSTASH_CURRENT_SIGNING_KEY,
      nextSigningKey: env.QSTASH_NEXT_SIGNING_KEY,
    },
    mongodb: {
      uri: env.MONGODB_URI,
      database: env.MONGODB_DATABASE,
      poolSize: env.MONGODB_POOL_SIZE,
    },
    sealingKeys: { current: env.SEALING_KEY, previous: env.SEALING_KEY_PREVIOUS ?? null },
    allowLoopback: env.ALLOW_LOOPBACK === "true",
    ownHosts: [
      ...[env.PUBLIC_URL, env.EGRESS_PROXY_URL].filter(Boolean).map(ownHostOf),
      ...env.BLOCKED_HOSTS,
    ],
    dnsResolverUrl: env.DNS_RESOLVER_URL === NO_LOOK_UPS ? null : env.DNS_RESOLVER_URL,
    egressProxy: egressProxyOf(env),
    jobs: {
      leaseSeconds: env.LEASE_SECONDS,
      heartbeatIntervalMs: env.HEARTBEAT_INTERVAL_MS,
      invocationBudgetMs: env.INVOCATION_BUDGET_MS,
      invocationMaxSteps: env.INVOCATION_MAX_STEPS,
      parallelism: env.JOB_PARALLELISM,
    },
    retentionDays: env.RETENTION_DAYS,
  };
}

/** Throws when only one of the two is set: sending directly by mistake is what a proxy is there to prevent. */
function egressProxyOf(env: z.infer<typeof Environment>): EgressProxy | null {
  const { EGRESS_PROXY_URL: url, EGRESS_PROXY_SECRET: secret } = env;
  if (url === "" && secret === undefined) return null;
  if (url === "" || secret === undefined) {
    throw new Error(
      "The worker's configuration is wrong. EGRESS_PROXY_URL and EGRESS_PROXY_SECRET: expected both or neither",
    );
  }
  return { url, secret };
}
