/** How the target of a subscriber's delivery begins, where an endpoint's id stands in others. */
const TARGET_PREFIX = "subscriber:";

/** What stands for a subscriber in place of an endpoint's id. */
export function subscriberTarget(name: string): string {
  return TARGET_PREFIX + name;
}

/** The subscriber that a delivery's target names; null when it is an endpoint. */
export function subscriberOf(target: string): string | null {
  return target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : null;
}
