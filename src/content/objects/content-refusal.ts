import type { Content } from "../../contract/object.ts";
import { checkAddress } from "../../outbound/address-guard.ts";
import type { ServiceContext } from "../../engine/context.ts";
import { DomainError } from "../../engine/errors.ts";

/**
 * What is wrong with a content that no batch could ever read: a URL that may not be fetched. Null
 * when nothing is. `path` is where in the request the content stands. A batch asks again before it
 * fetches, since the rules may have changed.
 */
export function contentRefusal(
  ctx: ServiceContext,
  content: Content,
  path: string,
): DomainError | null {
  if (content.url === undefined) return null;
  const verdict = checkAddress(content.url, ctx.config);
  if (verdict.kind === "allowed") return null;
  return new DomainError("invalid_request", `${path}.url: ${verdict.reason}`, [
    { path: `${path}.url`, message: verdict.reason },
  ]);
}
