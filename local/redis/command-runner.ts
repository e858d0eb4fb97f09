import {
  type FaultPhase,
  type FaultPlan,
  type Operation,
  type OperationLog,
  waitFor,
} from "../faults.ts";
import { findCommand } from "./commands/table.ts";
import type { RedisError } from "./reply.ts";
import type { Backend, Command, Reply } from "./reply.ts";

/** What became of a request: an answer, a refusal as of a broken service, or a dead connection. */
export type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "cut" };

type Fault = Exclude<Outcome<never>, { kind: "done" }>;

const REFUSED: Fault = {
  kind: "refused",
  message: "ERR the database is out of order (fault plan)",
};

/** Carries commands out on a backend, logs each one, and lets the fault plan interfere. */
export class CommandRunner {
  readonly #backend: Backend;
  readonly #faults: FaultPlan;
  readonly #operations: OperationLog;
  #writes = 0;

  constructor(backend: Backend, faults: FaultPlan, operations: OperationLog) {
    this.#backend = backend;
    this.#faults = faults;
    this.#operations = operations;
  }

  /** Changes after each write. The service's own form is opaque, so only that is kept. */
  syncToken(): string {
    return `waybill-${this.#writes}`;
  }

  async run(command: Command): Promise<Outcome<Reply>> {
    const operation = describe(command);
    this.#operations.record(operation);
    const before = await this.#decide("before", operation);
    if (before !== null) return before;
    const value = await this.#backend.execute(command);
    if (operation.isWrite) this.#writes += 1;
    return (await this.#decide("after", operation)) ?? { kind: "done", value };
  }

  /** One after the other, not atomic: a fault in the middle leaves the first ones applied. */
  async runPipeline(commands: readonly Command[]): Promise<Outcome<readonly Reply[]>> {
    const replies: Reply[] = [];
    for (const command of commands) {
      const outcome = await this.run(command);
      if (outcome.kind !== "done") return outcome;
      replies.push(outcome.value);
    }
    return { kind: "done", value: replies };
  }

  /** Faults before any command are decided first: a transaction is applied whole or not at all. */
  async runTransaction(
    commands: readonly Command[],
  ): Promise<Outcome<readonly Reply[] | RedisError>> {
    const operations = commands.map((command) => describe(command));
    for (const operation of operations) {
      this.#operations.record(operation);
      const before = await this.#decide("before", operation);
      if (before !== null) return before;
    }
    const value = await this.#backend.transaction(commands);
    for (const operation of operations) {
      if (operation.isWrite) this.#writes += 1;
      const after = await this.#decide("after", operation);
      if (after !== null) return after;
    }
    return { kind: "done", value };
  }

  async #decide(phase: FaultPhase, operation: Operation): Promise<Fault | null> {
    const action = this.#faults.decide(phase, operation);
    if (action === null) return null;
    if (action.kind === "delay" || action.kind === "hold") {
      await waitFor(action);
      return null;
    }
    return action.kind === "cut" ? { kind: "cut" } : REFUSED;
  }
}

/** A command that is not in the table may be one that only a real Redis knows: a write, to be safe. */
function describe({ name, args }: Command): Operation {
  const spec = findCommand(name);
  return spec === undefined
    ? { name, target: args[0] ?? "", isWrite: true }
    : { name, target: spec.target(args), isWrite: spec.isWrite };
}
