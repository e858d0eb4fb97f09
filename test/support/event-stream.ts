/** One server-sent event, or a comment. */
export type Frame =
  | { readonly kind: "event"; readonly id: string; readonly event: string; readonly data: string }
  | { readonly kind: "comment" }
  | { readonly kind: "retry"; readonly ms: number };

/** Opens a stream of events; the answer's body is not read yet. */
export function openStream(
  url: string,
  headers: Readonly<Record<string, string>>,
  lastEventId: string | null,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(url, {
    headers: {
      ...headers,
      Accept: "text/event-stream",
      ...(lastEventId !== null && { "Last-Event-ID": lastEventId }),
    },
    signal,
  });
}

/** The frames of a stream as they come in; what is cut off in the middle is none. */
export async function* readFrames(response: Response): AsyncGenerator<Frame, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) yield parseFrame(block);
  }
}

function parseFrame(block: string): Frame {
  if (block.startsWith(":")) return { kind: "comment" };
  const fields = new Map(
    block.split("\n").map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const retry = fields.get("retry");
  if (retry !== undefined) return { kind: "retry", ms: Number(retry) };
  const [id, event, data] = [fields.get("id"), fields.get("event"), fields.get("data")];
  if (id === undefined || event === undefined || data === undefined) {
    throw new Error(`not an event: ${block}`);
  }
  return { kind: "event", id, event, data };
}
