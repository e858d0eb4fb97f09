import { DomainError } from "./errors.ts";

/** The caller: the deployment's administrator, or an API key with access to some namespaces. */
export type Principal =
  | { readonly kind: "admin" }
  | { readonly kind: "key"; readonly keyId: string; readonly namespaceIds: readonly string[] }
  /** A schedule that fires, without a caller. */
  | { readonly kind: "schedule"; readonly scheduleId: string };

/** An actor's name in histories: `admin`, or the id of the key or the schedule. */
export function actorOf(principal: Principal): string {
  switch (principal.kind) {
    case "admin":
      return "admin";
    case "key":
      return principal.keyId;
    case "schedule":
      return principal.scheduleId;
  }
}

/** The ids of the namespaces that the caller can access; null: all. */
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
