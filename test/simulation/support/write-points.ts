import type { FaultPlan, Operation, OperationLog } from "../../../local/faults.ts";
import type { Simulation } from "./simulation.ts";

export type ServiceName = "mongodb" | "redis" | "qstash";

/** One write of an undisturbed run, by which the same write of another run is found again. */
export type WritePoint = {
  readonly service: ServiceName;
  /** What it does to what, without ids: `insert tasks`. */
  readonly kind: string;
  /** Of its kind; from 1. Writes that go at once may change places, but not their number. */
  readonly occurrence: number;
  /** For the title of a test: `write 2 (insert tasks)`. */
  readonly label: string;
};

const SERVICES: readonly ServiceName[] = ["mongodb", "redis", "qstash"];

/** A service's faults and what it was asked to do. */
export function serviceOf(
  { mongo, redis, qstash }: Simulation,
  name: ServiceName,
): { readonly faults: FaultPlan; readonly operations: OperationLog } {
  switch (name) {
    case "mongodb":
      return mongo;
    case "redis":
      return redis;
    case "qstash":
      return qstash;
  }
}

/** The writes that the services get while `run` goes on, in order for each service. */
export async function recordWrites(
  simulation: Simulation,
  run: () => Promise<unknown>,
): Promise<readonly WritePoint[]> {
  const logs = SERVICES.map((service) => {
    const { operations } = serviceOf(simulation, service);
    return { service, operations, before: operations.all().length };
  });
  await run();
  const points: WritePoint[] = [];
  for (const { service, operations, before } of logs) {
    for (const operation of operations.all().slice(before)) {
      if (!isCounted(operation)) continue;
      const kind = kindOf(operation);
      const same = points.filter((point) => point.service === service && point.kind === kind);
      const occurrence = same.length + 1;
      const label = `write ${points.length + 1} (${kind}${occurrence > 1 ? `, no. ${occurrence}` : ""})`;
      points.push({ service, kind, occurrence, label });
    }
  }
  return points;
}

/** Whether an operation is a write of the kind that a point is about. */
export function isOfKind(point: WritePoint, operation: Operation): boolean {
  return isCounted(operation) && kindOf(operation) === point.kind;
}

/** Indexes are made whenever the database is new to a worker, whatever it does. */
function isCounted({ isWrite, name }: Operation): boolean {
  return isWrite && name !== "createIndexes";
}

function kindOf({ name, target }: Operation): string {
  const plain = target.replace(/^https?:\/\/[^/]+\/internal\//, "").replace(/:[a-z]+_.*$/, "");
  return `${name} ${plain}`;
}
