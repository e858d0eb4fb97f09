/** Resolves while the lease holds for long enough to write; throws `LeaseLostError` otherwise. */
export type HoldLease = () => Promise<void>;

/**
 * The same stores, which check the lease before each call, also in groups of stores. Reads are
 * included, since a list of writing methods would some day miss one.
 */
export function guardedStores<Stores extends object>(stores: Stores, hold: HoldLease): Stores {
  return new Proxy(stores, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member === "object" && member !== null) return guardedStores(member, hold);
      if (typeof member !== "function") return member;
      return async (...parameters: unknown[]): Promise<unknown> => {
        await hold();
        return Reflect.apply(member, target, parameters);
      };
    },
  });
}
