import type { Clock } from "../../../../src/stores/watch/clock.ts";
import { EventBoard } from "../../../../src/stores/watch/event-board.ts";
import { WatchBoard } from "../../../../src/stores/watch/watch-board.ts";
import type { WatchHubNamespace } from "../../../../src/stores/watch/watchers.ts";

/** The hubs where waiters and writers meet, as `src/stores/watch/watch-hub.ts` has them, in memory. */
export function createVirtualHubs(now: () => number): WatchHubNamespace<string> {
  const clock: Clock = {
    now,
    after: (ms, callBack) => {
      const timer = setTimeout(callBack, ms);
      return () => clearTimeout(timer);
    },
  };
  const hubs = new Map<string, ReturnType<typeof createHub>>();
  return {
    idFromName: (name) => name,
    get: (name) => {
      const hub = hubs.get(name) ?? createHub(clock);
      hubs.set(name, hub);
      return hub;
    },
  };
}

type Wait<News> = { readonly news: Promise<News>; readonly callOff: () => void };

function createHub(clock: Clock): ReturnType<WatchHubNamespace<string>["get"]> {
  const board = new WatchBoard(clock);
  const events = new EventBoard(clock, "a run of the hub");
  return {
    wake: async (news) => board.wake(news),
    tell: async (told) => events.tell(told),
    join: () => seatOf((known, ms) => board.wait(known, ms)),
    joinEvents: () =>
      seatOf((mark, ms) => {
        const { told, callOff } = events.wait(mark, ms);
        return { news: told, callOff };
      }),
  };
}

function seatOf<Has, News>(wait: (has: Has, ms: number) => Wait<News>) {
  let waiting: Wait<News> | null = null;
  return {
    next: (has: Has, ms: number): Promise<News> => {
      waiting?.callOff();
      waiting = wait(has, ms);
      return waiting.news;
    },
    [Symbol.dispose]: (): void => waiting?.callOff(),
  };
}
