import { FaultPlan, OperationLog } from "../faults.ts";
import { Activity } from "./activity.ts";
import type { Clock } from "./clock.ts";
import { Courier } from "./courier.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Deduplication } from "./deduplication.ts";
import { Dispatcher } from "./dispatcher.ts";
import { EventLog } from "./event-log.ts";
import { Misbehaviours } from "./misbehaviour.ts";
import { publish } from "./publish.ts";
import type { PublishReply, PublishRequest } from "./publish.ts";
import { Schedules } from "./schedules.ts";
import { SigningKeys } from "./signing-keys.ts";
import { Timers } from "./timers.ts";
import { UrlGroups } from "./url-groups.ts";

type BrokerOptions = {
  readonly clock: Clock;
  readonly currentSigningKey: string;
  readonly nextSigningKey: string;
  /** Calls destinations; over sockets when absent. */
  readonly courier?: Pick<Courier, "call" | "close">;
};

/** Everything behind the HTTP interface of one stand-in, in memory. */
export class Broker {
  readonly faults = new FaultPlan();
  readonly operations = new OperationLog();
  readonly misbehaviours = new Misbehaviours();
  readonly activity = new Activity();
  readonly timers: Timers;
  readonly keys: SigningKeys;
  readonly log: EventLog;
  readonly deadLetters: DeadLetters;
  readonly groups: UrlGroups;
  readonly dispatcher: Dispatcher;
  readonly schedules: Schedules;
  readonly #courier: Pick<Courier, "call" | "close">;
  readonly #deduplication: Deduplication;
  readonly #leaveClock: () => void;

  constructor({ clock, currentSigningKey, nextSigningKey, courier }: BrokerOptions) {
    const now = (): number => clock.now();
    this.timers = new Timers(clock);
    this.keys = new SigningKeys(currentSigningKey, nextSigningKey);
    this.log = new EventLog(now);
    this.deadLetters = new DeadLetters(now);
    this.groups = new UrlGroups(now);
    this.#courier = courier ?? new Courier(this.timers);
    this.#deduplication = new Deduplication(now);
    this.dispatcher = new Dispatcher({
      courier: this.#courier,
      keys: this.keys,
      faults: this.faults,
      misbehaviours: this.misbehaviours,
      operations: this.operations,
      timers: this.timers,
      activity: this.activity,
      log: this.log,
      deadLetters: this.deadLetters,
      now,
    });
    this.schedules = new Schedules(this.timers, this.log, (request) => this.publish(request));
    this.#leaveClock = clock.settleWith?.(() => this.idle()) ?? (() => undefined);
  }

  publish(request: PublishRequest): PublishReply {
    return publish(request, {
      dispatcher: this.dispatcher,
      groups: this.groups,
      deduplication: this.#deduplication,
      now: () => this.timers.now(),
    });
  }

  /** Nothing is in flight, and nothing is due at the clock's present time. */
  idle(): Promise<void> {
    return this.activity.idle(() => this.timers.hasDue());
  }

  close(): void {
    this.dispatcher.stop();
    this.#leaveClock();
    this.timers.cancelAll();
    this.#courier.close();
  }
}
