import type { Principal } from "../principal.ts";
import { DomainError } from "../errors.ts";

/** The ids of the namespaces that the caller may see; null: all. */
export function visibleNamespaces(principal: Principal): readonly string[] | null {
  switch (principal.kind) {
    case "admin":
      return null;
    case "key":
      return principal.namespaceIds;
    case "schedule":
      return [];
  }
}

/** Throws `forbidden` unless the caller is the deployment's administrator. */
export function requireAdmin(principal: Principal): void {
  if (principal.kind !== "admin") {
    throw new DomainError("forbidden", "Only the administrator's key may do this.");
  }
}
