import type { EventRecord } from "../../ports/delivery-store.ts";
import type { EventMark, Known, TaskNews, ToldEvents, Watchers } from "../../ports/watchers.ts";
import type { Clock } from "./clock.ts";

/** The part of the Durable Objects' interface that this needs. */
export type WatchHubNamespace<Id = unknown> = {
  idFromName(name: string): Id;
  get(id: Id): WatchHubStub;
};

type WatchHubStub = {
  wake(news: TaskNews): Promise<void>;
  /** Calls on it are sent together with the joining itself, in one round trip. */
  join(): RemoteSeat<Known, TaskNews | null>;
  tell(events: readonly EventRecord[]): Promise<void>;
  joinEvents(): RemoteSeat<EventMark, ToldEvents>;
};

type RemoteSeat<Has, News> = {
  next(known: Has, ms: number): Promise<News>;
  [Symbol.dispose](): void;
};

type Seat<Has, News> = { next(known: Has, ms: number): Promise<News>; leave(): void };

/** Waiting through one Durable Object per task, and one per namespace. */
export function createWatchers(hubs: WatchHubNamespace, clock: Clock): Watchers {
  const hubOf = (namespaceId: string, taskId: string) =>
    hubs.get(hubs.idFromName(`task:${namespaceId}:${taskId}`));
  const eventHubOf = (namespaceId: string) => hubs.get(hubs.idFromName(`events:${namespaceId}`));
  return {
    tell: (namespaceId, events) => eventHubOf(namespaceId).tell(events),
    joinEvents: (namespaceId) =>
      createSeat<EventMark, ToldEvents>(
        () => eventHubOf(namespaceId).joinEvents(),
        (mark) => ({ mark, events: [] }),
        clock,
      ),
    wake: (namespaceId, taskId, news) => hubOf(namespaceId, taskId).wake(news),
    join: (namespaceId, taskId) =>
      createSeat<Known, TaskNews | null>(
        () => hubOf(namespaceId, taskId).join(),
        () => null,
        clock,
      ),
  };
}

/** A place in a hub; `nothing` is the result when the time is up or the hub can't be reached. */
function createSeat<Has, News>(
  join: () => RemoteSeat<Has, News>,
  nothing: (known: Has) => News,
  clock: Clock,
): Seat<Has, News> {
  let seat: RemoteSeat<Has, News> | null = null;

  function leave(): void {
    seat?.[Symbol.dispose]();
    seat = null;
  }

  async function ask(known: Has, ms: number): Promise<{ readonly news: News } | null> {
    try {
      seat ??= join();
      return { news: await seat.next(known, ms) };
    } catch {
      // A stub stays broken once its object was reset.
      leave();
      return null;
    }
  }

  return {
    next: (known, ms) =>
      new Promise((resolve) => {
        // The hub ends a wait by its own clock. This timer applies when the hub can't be reached,
        // so a caller that retries at once doesn't spin.
        const stopClock = clock.after(ms, () => resolve(nothing(known)));
        void (async () => {
          const answer = (await ask(known, ms)) ?? (await ask(known, ms));
          if (answer === null) return;
          stopClock();
          resolve(answer.news);
        })();
      }),
    leave,
  };
}
