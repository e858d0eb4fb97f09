import { type HistoryEntry, type TaskHistory } from "../src/contract/task.ts";
import { bold, dim, ellipsis, green } from "./terminal.ts";

type Moment = { readonly at: string; readonly kind: string; readonly text: string };

const KIND_WIDTH = 9;
const TEXT_WIDTH = 70;

/**
 * A task's history as lines in the order of time: changes of status, attempts, events and their
 * deliveries, each so many seconds after the first.
 */
export function timeline(history: TaskHistory): string[] {
  const types = new Map(history.events.map((event) => [event.event_id, event.type]));
  const moments: Moment[] = [
    ...history.entries.map((entry) => ({ at: entry.at, kind: entry.kind, text: ofEntry(entry) })),
    ...history.attempts.flatMap(({ attempt, started_at, ended_at, outcome, reason }) => [
      { at: started_at, kind: "attempt", text: `${attempt} begins` },
      ...(ended_at === null
        ? []
        : [
            {
              at: ended_at,
              kind: "attempt",
              text: `${attempt} ends ${outcome}${inBrackets(reason)}`,
            },
          ]),
    ]),
    ...history.events.map((event) => ({
      at: event.timestamp,
      kind: "event",
      text: `${event.sequence} ${event.type}`,
    })),
    ...history.deliveries.map((delivery) => ({
      at: delivery.updated_at,
      kind: "delivery",
      text:
        `${types.get(delivery.event_id) ?? delivery.event_type} ` +
        `${delivery.status} at attempt ${delivery.attempt_count}`,
    })),
  ];
  // Sorting is stable: what happened in one write keeps the order above.
  const sorted = moments.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const start = Date.parse(sorted[0]?.at ?? "");
  return sorted.map(({ at, kind, text }) => {
    const offset = `+${((Date.parse(at) - start) / 1000).toFixed(3)} s`.padStart(10);
    const shown = ellipsis(text, TEXT_WIDTH);
    return `${dim(offset)}  ${dim(kind.padEnd(KIND_WIDTH))} ${styled(kind, shown)}`;
  });
}

function ofEntry({ kind, from, to, actor, reason }: HistoryEntry): string {
  const why = inBrackets(reason);
  switch (kind) {
    case "status":
      return `${from ?? "new"} → ${to}  by ${actor}${why}`;
    case "cancel":
      return `by ${actor}${why}`;
    case "rejected":
      return `refused while ${to}${why}`;
  }
}

function inBrackets(reason: string | null): string {
  return reason === null ? "" : ` (${reason})`;
}

function styled(kind: string, text: string): string {
  if (kind === "status") return bold(text);
  return kind === "delivery" ? green(text) : text;
}
