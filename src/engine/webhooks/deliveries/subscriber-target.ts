/** The prefix of a target that is a subscriber rather than an endpoint. */
const TARGET_PREFIX = "subscriber:";

/** The target of a subscriber's delivery, used in place of an endpoint's id. */
export function subscriberTarget(name: string): string {
  return TARGET_PREFIX + name;
}

/** The subscriber that a delivery's target names; null when it is an endpoint. */
export function subscriberOf(target: string): string | null {
  return target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : null;
}
