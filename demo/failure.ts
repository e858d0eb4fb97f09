/** The demo can't show what it says: why, for the person who watches. */
export class DemoFailure extends Error {}

/** Ends the demo with the message unless the claim holds. */
export function claim(holds: boolean, message: string): asserts holds {
  if (!holds) throw new DemoFailure(message);
}
