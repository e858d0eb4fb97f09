/** Resolves while the lease holds for long enough to write; throws `LeaseLostError` otherwise. */
export type HoldLease = () => Promise<void>;

/**
 * The same stores, which hold the lease before whatever is asked of them, also where stores stand in
 * groups: reads too, since a list of the methods that write would some day lack one.
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
