/** One event of an event stream; what it doesn't say is empty. */
export type SseEvent = {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
};

/** What stands in a stream: events, and the wait before a reconnection. */
export type SseItem =
  | { readonly kind: "event"; readonly event: SseEvent }
  | { readonly kind: "retry"; readonly ms: number };

/**
 * Reads `text/event-stream` piece by piece, wherever the pieces are cut
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream). Unlike a
 * browser's, an id is only given to the event that it stands in.
 */
export class SseParser {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #id: string | null = null;
  #event = "";
  #data: string[] = [];

  /** The items that this piece completes. */
  *push(piece: Uint8Array): Generator<SseItem, void, undefined> {
    const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split(
      /\r\n|\n|\r(?!$)/,
    );
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const item = line === "" ? this.#dispatch() : this.#field(line);
      if (item !== null) yield item;
    }
  }

  #field(line: string): SseItem | null {
    const [, name = "", value = ""] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) return { kind: "retry", ms: Number(value) };
    return null;
  }

  #dispatch(): SseItem | null {
    const event = { id: this.#id, event: this.#event, data: this.#data.join("\n") };
    const isEmpty = this.#data.length === 0;
    this.#id = null;
    this.#event = "";
    this.#data = [];
    return isEmpty ? null : { kind: "event", event };
  }
}
