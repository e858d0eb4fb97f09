import { populate, type Populated } from "../../support/populated.ts";
import { startWorld, type World } from "../../support/world.ts";

/** One world for all tours, with two namespaces that hold one of everything. */
type TouredWorld = { readonly world: World; readonly own: Populated; readonly other: Populated };

let toured: Promise<TouredWorld> | null = null;

/** Starts it for the first tour that asks. `tours.test.ts` closes it after the last. */
export function touredWorld(): Promise<TouredWorld> {
  toured ??= start();
  return toured;
}

async function start(): Promise<TouredWorld> {
  const world = await startWorld();
  const own = await populate(world, "own");
  const other = await populate(world, "other");
  return { world, own, other };
}
