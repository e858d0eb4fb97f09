import type { Runtime } from "../../../ports/runtime.ts";
import { checkAddress } from "../../../outbound/address-guard.ts";
import { lookUpHost, type LookUpRules } from "../../../outbound/look-up-host.ts";
import { failed, type TextOutcome } from "./text-outcome.ts";

/**
 * Says why an object's URL is not fetched, or null when it may be: asks the guard, then the
 * resolver, once for each host of a step. A URL was only seen by the guard when it was taken, since
 * a request may bring a thousand of them.
 */
export function createUrlRefusal({
  config,
  runtime,
}: {
  readonly config: LookUpRules;
  readonly runtime: Pick<Runtime, "fetch" | "now">;
}): (url: string) => Promise<TextOutcome | null> {
  const memory = new Map<string, number>();
  return async (url) => {
    const address = checkAddress(url, config);
    if (address.kind === "refused") {
      return failed("url_refused", `The URL is not fetched: ${address.reason}.`);
    }
    const host = await lookUpHost({ url: address.url, rules: config, runtime, memory });
    if (host.kind === "public") return null;
    const code = host.kind === "refused" ? "url_refused" : "url_unreachable";
    return failed(code, `The URL is not fetched: ${host.reason}.`);
  };
}
