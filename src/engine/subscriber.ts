import type { Subscriber } from "./webhooks/deliveries/subscriber.ts";

/** Letters, digits and marks that are safe in ids, logs and URLs. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const PATTERN = /^(\*|[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.\*)?)$/;

/** Checks a subscriber's definition. Throws at the start of the worker, and so at its build's first run. */
export function defineSubscriber(subscriber: Subscriber): Subscriber {
  const { name, eventTypes } = subscriber;
  if (!NAME.test(name)) {
    throw new Error(`subscriber "${name}": expected a name of a-z, 0-9, ".", "_" and "-"`);
  }
  if (eventTypes.length === 0) throw new Error(`subscriber "${name}": expected event types`);
  for (const pattern of eventTypes) {
    if (PATTERN.test(pattern)) continue;
    throw new Error(`subscriber "${name}": "${pattern}" is no event type, and no pattern of them`);
  }
  return subscriber;
}

/** The table of subscribers by name. Throws when two have one name. */
export function toCatalog(subscribers: readonly Subscriber[]): ReadonlyMap<string, Subscriber> {
  const byName = new Map(subscribers.map((subscriber) => [subscriber.name, subscriber]));
  if (byName.size < subscribers.length) throw new Error("two subscribers have the same name");
  return byName;
}
