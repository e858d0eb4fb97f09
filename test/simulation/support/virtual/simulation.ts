import { createRandom } from "../../../../src/content/clustering/random.ts";
import type { MongoOperation } from "../../../../src/stores/mongo/operation.ts";
import { createApi, type Transport } from "../../../support/api.ts";
import { ENVIRONMENT } from "../../../support/environment.ts";
import { checkEvents, payloadsSentTo } from "../../../support/event-schemas.ts";
import { createReceiver, CRM_PATH } from "../receiver.ts";
import { resultOf, type Simulation, SIMULATION_VARS } from "../simulation.ts";
import { createVirtualClock } from "./clock.ts";
import { createVirtualHubs } from "./hubs.ts";
import { createMachine, type Delays, type Isolate } from "./machine.ts";
import { createVirtualMongo } from "./mongo.ts";
import { createVirtualQStash } from "./qstash.ts";
import { createVirtualRedis } from "./redis.ts";
import { createVirtualWorker, type VirtualWorker } from "./worker.ts";
import { tellingCrm } from "./subscriber.ts";

const START_MS = Date.parse("2026-11-24T01:02:03.456Z");

/** Where the parts of the virtual world are for each other. */
const RECEIVER = "http://127.0.0.1:9000";
const VARS = {
  ...ENVIRONMENT,
  ADMIN_KEY: "admin_0123456789abcdef",
  ALLOW_LOOPBACK: "true",
  ...SIMULATION_VARS,
};

export type VirtualOptions = {
  readonly vars?: Readonly<Record<string, string>>;
  /** Whether the worker is one with a subscriber in code, which tells the receiver's `crm`. */
  readonly hasSubscriber?: boolean;
  /** Of chance in the worker. Default 1. */
  readonly seed?: number;
  /** Plants a bug: what reaches MongoDB in the place of what the worker asked for. */
  readonly tamper?: (operation: MongoOperation) => MongoOperation;
  /** How long operations take, by that chance; none when absent. */
  readonly delays?: (random: () => number) => Delays;
};

/**
 * A {@link Simulation} in this process: the worker's own code on the engines of the stand-ins,
 * without sockets, in virtual time. One at a time.
 */
export async function startVirtualSimulation(options: VirtualOptions = {}): Promise<Simulation> {
  const random = createRandom(options.seed ?? 1);
  const clock = createVirtualClock(START_MS, {
    quiet: () => machine.quiet(),
    note: () => machine.note(),
  });
  const mongo = createVirtualMongo(() => new Date(clock.now()));
  const redis = await createVirtualRedis(clock.now);
  const { receiver, answer } = createReceiver(RECEIVER);
  const sent: unknown[] = [];
  const logs: string[] = [];
  const { tamper = (operation) => operation } = options;
  const environment = { ...VARS, ...options.vars };
  const subscribers = options.hasSubscriber === true ? tellingCrm(`${RECEIVER}${CRM_PATH}`) : [];

  const machine = createMachine({
    now: clock.now,
    random,
    schedule: clock.schedule,
    log: (line) => logs.push(line),
    delays: options.delays?.(random) ?? null,
    fetch: (request) => machine.outside(() => route(request)),
  });
  const qstash = createVirtualQStash({
    clock,
    token: environment.QSTASH_TOKEN,
    signingKeys: {
      current: environment.QSTASH_CURRENT_SIGNING_KEY,
      next: environment.QSTASH_NEXT_SIGNING_KEY,
    },
    deliver: async (request) => {
      const body = Buffer.from(await request.clone().arrayBuffer());
      sent.push(...payloadsSentTo(request.url, body));
      return call(request);
    },
    driveUntil: (isSo) => clock.driveUntil(isSo),
    isBusy: () => isolate.running > 0,
  });
  const bindings = {
    MONGO_POOL: {
      idFromName: () => null,
      get: () => ({
        run: (operation: MongoOperation) =>
          machine.operate(() => machine.outside(() => mongo.run(tamper(operation)))),
      }),
    },
    WATCH_HUB: createVirtualHubs(clock.now),
  };

  let isDown = false;
  let isolate: Isolate;
  let worker: VirtualWorker;
  const boot = (): void => {
    isDown = false;
    isolate = machine.createIsolate();
    worker = createVirtualWorker(environment, bindings, subscribers);
  };
  boot();

  async function route(request: Request): Promise<Response> {
    if (request.url.startsWith(environment.UPSTASH_REDIS_REST_URL)) return redis.fetch(request);
    if (request.url.startsWith(environment.QSTASH_URL)) return qstash.fetch(request);
    if (!request.url.startsWith(RECEIVER)) throw new TypeError(`there is no ${request.url}`);
    const body = await request.text();
    const header = (name: string): string => request.headers.get(name) ?? "";
    const status = answer({ path: new URL(request.url).pathname, header, body });
    return new Response(status === 204 ? null : "heard", { status });
  }

  /** Runs a program in the isolate of the moment, and rejects when that dies. */
  async function inIsolate<Result>(
    program: (lifetime: { waitUntil(work: Promise<unknown>): void }) => Promise<Result>,
  ): Promise<Result> {
    if (isDown) throw new TypeError("fetch failed", { cause: new Error("the worker is down") });
    const home = isolate;
    const waitUntil = (work: Promise<unknown>): void => {
      void home.run(() => work).catch(() => undefined);
    };
    const died = home.died.then(() => {
      throw new TypeError("fetch failed", { cause: new Error("the worker died") });
    });
    return Promise.race([home.run(() => program({ waitUntil })), died]);
  }

  const call = (request: Request): Promise<Response> =>
    machine.outside(() => inIsolate((lifetime) => worker.fetch(request, lifetime)));
  const transport: Transport = (url, init) => clock.drive(call(new Request(url, init)));
  const api = createApi(() => environment.PUBLIC_URL, environment.ADMIN_KEY, undefined, transport);
  let namespaces = 0;

  return {
    clock,
    mongo,
    redis: {
      ...redis,
      command: async (...parts) => {
        const url = environment.UPSTASH_REDIS_REST_URL;
        const response = await redis.fetch(
          new Request(url, { method: "POST", body: JSON.stringify(parts) }),
        );
        return resultOf(await response.json());
      },
    },
    qstash: {
      ...qstash,
      request: (method, path, { headers = {}, body } = {}) =>
        qstash.fetch(
          new Request(`${environment.QSTASH_URL}${path}`, {
            method,
            headers: { Authorization: `Bearer ${environment.QSTASH_TOKEN}`, ...headers },
            ...(body !== undefined && { body }),
          }),
        ),
    },
    receiver,
    database: mongo.database,
    until: (work) => clock.drive(work),
    inNamespace: async () => {
      const name = `ns-${(namespaces += 1)}`;
      await api.post("/v1/namespaces", { name }).expect(201);
      return api.as({ namespace: name });
    },
    runCron: () =>
      clock.drive(
        inIsolate((lifetime) => worker.scheduled("* * * * *", new Date(clock.now()), lifetime)),
      ),
    stop: async () => {
      isolate.kill();
      isDown = true;
    },
    crash: () => {
      isolate.kill();
      boot();
    },
    whenUp: () => Promise.resolve(),
    close: async () => {
      qstash.broker.close();
      isolate.kill();
      machine.restore();
      await checkEvents(sent, (collection, filter) =>
        mongo.database.find(collection, { ...filter }),
      );
    },
  };
}
