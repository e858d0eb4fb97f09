import { checkAddress } from "../../webhooks/address-guard.ts";
import type { ServiceContext } from "../context.ts";
import { DomainError } from "../errors.ts";

/** An endpoint's URL in its normal form. Throws `invalid_request` when it may not be sent to. */
export function checkedUrl({ ctx, url }: { ctx: ServiceContext; url: string }): string {
  const address = checkAddress(url, ctx.config);
  if (address.kind === "allowed") return address.url.href;
  throw new DomainError("invalid_request", `url: ${address.reason}`, [
    { path: "url", message: address.reason },
  ]);
}
