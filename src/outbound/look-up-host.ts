import { z } from "zod";
import type { Runtime } from "../ports/runtime.ts";
import { type AddressRules, isLoopbackHost, isOwnHost } from "./address-guard.ts";
import { isAddressLiteral, isPublicAddress } from "./address-ranges.ts";

/** What a host resolves to now; a refusal says why, for a person. */
export type HostVerdict =
  | { readonly kind: "public" }
  /** At least one of its addresses may not be sent to. */
  | { readonly kind: "refused"; readonly reason: string }
  /** There is nothing to send to. */
  | { readonly kind: "absent"; readonly reason: string }
  /** The resolver could not say. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Hosts found to be public, and when that expires, in ms since the epoch. */
export type HostMemory = {
  get(host: string): number | undefined;
  set(host: string, untilMs: number): unknown;
};

/** What a look-up needs to know of the deployment. */
export type LookUpRules = AddressRules & {
  /** Null when look-ups are switched off. */
  readonly dnsResolverUrl: string | null;
};

/** How long the resolver has to answer both queries. Public resolvers take 10 to 300 ms. */
export const LOOK_UP_TIMEOUT_MS = 3_000;

/** An answer is cached for its time to live, but never longer than this. */
export const HOST_TTL_MS = 60_000;

/** Types of records: https://www.iana.org/assignments/dns-parameters */
const TYPE = { A: 1, CNAME: 5, AAAA: 28 } as const;

/** The two response codes of RFC 1035, section 4.1.1, that say something about the name. */
const NO_ERROR = 0;
const NAME_ERROR = 3;

/** The JSON form of an answer; names may end in a dot. */
const Answer = z.object({
  Status: z.int(),
  TC: z.boolean().optional(),
  Answer: z
    .array(z.object({ type: z.int(), TTL: z.number().min(0), data: z.string() }))
    .max(500)
    .optional(),
});
type Answer = z.infer<typeof Answer>;

/**
 * Asks a resolver by DNS over HTTPS for a host's A and AAAA records and requires every one of them
 * to be public, since the connection may use any of them; no name on the way (CNAME) may be the
 * deployment's own. An address literal needs no query, nor does a loopback host that the rules
 * allow. If either query fails, the result is unknown: otherwise the zone's owner could hide a
 * private address behind a failing query.
 *
 * The JSON form is that of Google and Cloudflare, which others serve too.
 * https://developers.google.com/speed/public-dns/docs/doh/json
 *
 * A host found public is remembered for its time to live, 60 s at most. So a rebound host may be
 * trusted for that long; see `docs/webhook-addresses.md` for what remains.
 */
export async function lookUpHost({
  url,
  rules,
  runtime,
  memory,
}: {
  readonly url: URL;
  readonly rules: LookUpRules;
  readonly runtime: Pick<Runtime, "fetch" | "now">;
  readonly memory: HostMemory;
}): Promise<HostVerdict> {
  const host = url.hostname;
  const { dnsResolverUrl } = rules;
  if (dnsResolverUrl === null || isAddressLiteral(host)) return { kind: "public" };
  if (rules.allowLoopback && isLoopbackHost(host)) return { kind: "public" };
  const nowMs = runtime.now().getTime();
  if ((memory.get(host) ?? 0) > nowMs) return { kind: "public" };
  let answers: readonly Answer[];
  try {
    const signal = AbortSignal.timeout(LOOK_UP_TIMEOUT_MS);
    answers = await Promise.all(
      (["A", "AAAA"] as const).map((type) =>
        ask({ dnsResolverUrl, host, type, signal, fetch: runtime.fetch }),
      ),
    );
  } catch (error) {
    return { kind: "unknown", reason: `the resolver could not be asked: ${describe(error)}` };
  }
  const verdict = judge(answers, rules);
  if (verdict.kind === "public") memory.set(host, nowMs + believedForMs(answers));
  return verdict;
}

async function ask({
  dnsResolverUrl,
  host,
  type,
  signal,
  fetch,
}: {
  readonly dnsResolverUrl: string;
  readonly host: string;
  readonly type: keyof typeof TYPE;
  readonly signal: AbortSignal;
  readonly fetch: Runtime["fetch"];
}): Promise<Answer> {
  const question = new URL(dnsResolverUrl);
  question.searchParams.set("name", host);
  question.searchParams.set("type", type);
  const response = await fetch(question.href, {
    headers: { accept: "application/dns-json" },
    redirect: "manual",
    signal,
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  return Answer.parse(await response.json());
}

function judge(answers: readonly Answer[], rules: LookUpRules): HostVerdict {
  for (const { Status, TC } of answers) {
    if (Status === NAME_ERROR) return { kind: "absent", reason: "its host does not exist" };
    if (Status !== NO_ERROR || TC === true) {
      return { kind: "unknown", reason: `the resolver has no answer (code ${Status})` };
    }
  }
  const records = recordsOf(answers);
  const names = records.filter(({ type }) => type === TYPE.CNAME);
  if (names.some(({ data }) => isOwnHost(plainName(data), rules.ownHosts))) {
    return { kind: "refused", reason: "its host is another name of this service" };
  }
  const addresses = records.filter(({ type }) => type === TYPE.A || type === TYPE.AAAA);
  if (addresses.length === 0) return { kind: "absent", reason: "its host has no address" };
  const isPublic = addresses.every(({ data }) => isPublicAddress(data));
  // Naming the address would reveal the internal network to a stranger.
  return isPublic
    ? { kind: "public" }
    : { kind: "refused", reason: "its host leads to an address that is not a public one" };
}

/** A name may be given with the root's dot. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function recordsOf(answers: readonly Answer[]) {
  return answers.flatMap((answer) => answer.Answer ?? []);
}

/** The shortest time to live on the way; all of them together lead to the address. */
function believedForMs(answers: readonly Answer[]): number {
  const ttls = recordsOf(answers).map(({ TTL }) => TTL * 1000);
  return Math.min(HOST_TTL_MS, ...ttls);
}

function describe(error: unknown): string {
  if (error instanceof z.ZodError) return "its answer is not in the JSON form";
  if (!(error instanceof Error)) return String(error);
  return error.name === "TimeoutError"
    ? `no answer within ${LOOK_UP_TIMEOUT_MS / 1000} s`
    : error.message;
}
