import { compileGlob } from "./glob.ts";
import type { ByteString } from "./reply.ts";

type Listener = (channel: ByteString, message: ByteString) => void;
type Subscription = { readonly matches: (channel: ByteString) => boolean; readonly hear: Listener };

/** Who listens to which channel. Nothing is kept for those who are not there, as in Redis. */
export class Subscriptions {
  readonly #all = new Set<Subscription>();

  /** Adds a listener on one channel, or on a glob of them; returns the function that ends it. */
  add(name: ByteString, isPattern: boolean, hear: Listener): () => void {
    const matches = isPattern ? compileGlob(name) : (channel: ByteString) => channel === name;
    const subscription = { matches, hear };
    this.#all.add(subscription);
    return () => {
      this.#all.delete(subscription);
    };
  }

  /** Tells all who listen and returns how many they were. */
  publish(channel: ByteString, message: ByteString): number {
    let count = 0;
    for (const { matches, hear } of this.#all) {
      if (!matches(channel)) continue;
      hear(channel, message);
      count += 1;
    }
    return count;
  }
}
