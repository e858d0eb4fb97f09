import { checkAddress } from "../../../outbound/address-guard.ts";
import { lookUpHost } from "../../../outbound/look-up-host.ts";
import type { ServiceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";

/**
 * Returns a target URL in normalized form. Throws `invalid_request` when it may not be sent to, or
 * when its host has no address. While the resolver is unavailable, the URL is accepted: each
 * attempt resolves it again and sends nothing without an answer.
 */
export async function checkedUrl({
  ctx,
  url,
  path,
}: {
  ctx: ServiceContext;
  url: string;
  /** Its path in the request. */
  path: string;
}): Promise<string> {
  const refused = (message: string) =>
    new DomainError("invalid_request", `${path}: ${message}`, [{ path, message }]);
  const address = checkAddress(url, ctx.config);
  if (address.kind === "refused") throw refused(address.reason);
  const host = await lookUpHost({
    url: address.url,
    rules: ctx.config,
    runtime: ctx.runtime,
    memory: ctx.memory.hosts,
  });
  switch (host.kind) {
    case "public":
      break;
    case "unknown":
      ctx.runtime.log("warn", "a URL was taken without a look-up", {
        host: address.url.hostname,
        reason: host.reason,
      });
      break;
    case "refused":
    case "absent":
      throw refused(host.reason);
  }
  return address.url.href;
}
