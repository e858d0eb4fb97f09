/** The demo can't show what it says: why, for the person who watches. */
export class DemoFailure extends Error {}

/** Ends the demo with the message unless the claim holds. */
export function claim(holds: boolean, message: string): asserts holds {
  if (!holds) throw new DemoFailure(message);
}

/** Why a request failed: `fetch` says it in the cause only. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && error.cause instanceof Error) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}
