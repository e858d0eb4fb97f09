/** One client's socket: requests in, replies out, in order, with the armed faults between. */
import type { Socket } from "node:net";
import {
  type FaultAction,
  type FaultPlan,
  type Operation,
  type OperationLog,
  waitFor,
} from "../../faults.ts";
import { CommandError, errorReply } from "../errors.ts";
import type { Doc } from "../values/types.ts";
import { encode } from "./bson-codec.ts";
import { MessageSplitter } from "./framing.ts";
import { frameReply, parseMessage } from "./message.ts";
import type { Request } from "./message.ts";

/** A command, ready to run: `operation` is null for the driver's own housekeeping. */
export type PreparedCommand = {
  readonly operation: Operation | null;
  readonly run: () => Uint8Array;
};

export type ConnectionDeps = {
  readonly faults: FaultPlan;
  readonly operations: OperationLog;
  readonly prepare: (request: Request) => PreparedCommand;
};

type FaultOutcome = "go on" | "cut" | "refuse";

const SHUTDOWN: Doc = errorReply(
  new CommandError(91, "The server is in quiesce mode and will shut down"),
);

export class Connection {
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  readonly #splitter = new MessageSplitter();
  readonly #waiting: Request[] = [];
  #isBusy = false;

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    socket.setNoDelay(true);
    // A client that goes away is not this server's failure.
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  #receive(chunk: Buffer): void {
    try {
      for (const bytes of this.#splitter.push(chunk)) this.#waiting.push(parseMessage(bytes));
    } catch {
      // As mongod does with a malformed message: there is no request to answer.
      this.#socket.destroy();
      return;
    }
    if (!this.#isBusy) this.#work();
  }

  /** Runs what waits. Only a delay makes it asynchronous: otherwise a request is answered at once. */
  #work(): void {
    for (let request = this.#waiting.shift(); request; request = this.#waiting.shift()) {
      const pending = this.#serve(request);
      if (pending === null) continue;
      this.#isBusy = true;
      void this.#resumeAfter(pending);
      return;
    }
  }

  async #resumeAfter(pending: Promise<void>): Promise<void> {
    try {
      await pending;
    } catch {
      this.#socket.destroy();
      return;
    }
    this.#isBusy = false;
    this.#work();
  }

  #serve(request: Request): Promise<void> | null {
    const command = this.#deps.prepare(request);
    const { operation } = command;
    if (operation === null) {
      this.#reply(request, command.run());
      return null;
    }
    this.#deps.operations.record(operation);
    const before = this.#deps.faults.decide("before", operation);
    if (before !== null) return this.#serveWithFaults(request, command, operation, before);
    const body = command.run();
    const after = this.#deps.faults.decide("after", operation);
    if (after !== null) return this.#finish(request, body, after);
    this.#reply(request, body);
    return null;
  }

  async #serveWithFaults(
    request: Request,
    command: PreparedCommand,
    operation: Operation,
    before: FaultAction,
  ): Promise<void> {
    const outcome = await this.#suffer(before);
    if (outcome === "cut") return;
    if (outcome === "refuse") {
      this.#reply(request, encode(SHUTDOWN));
      return;
    }
    const body = command.run();
    await this.#finish(request, body, this.#deps.faults.decide("after", operation));
  }

  async #finish(request: Request, body: Uint8Array, after: FaultAction | null): Promise<void> {
    const outcome = after === null ? "go on" : await this.#suffer(after);
    if (outcome !== "cut") this.#reply(request, outcome === "refuse" ? encode(SHUTDOWN) : body);
  }

  async #suffer(action: FaultAction): Promise<FaultOutcome> {
    if (action.kind === "refuse") return "refuse";
    if (action.kind === "delay" || action.kind === "hold") {
      await waitFor(action);
      return "go on";
    }
    this.#socket.destroy();
    return "cut";
  }

  #reply(request: Request, body: Uint8Array): void {
    if (request.wantsReply && !this.#socket.destroyed) {
      this.#socket.write(frameReply(request, body));
    }
  }
}
