/**
 * Results that are longer than one batch. A cursor keeps the answers as they were when it was
 * opened.
 */
import { CommandError } from "../errors.ts";
import { MAX_DOCUMENT_BYTES } from "../wire/bson-codec.ts";
import { encodeCursorReply } from "../wire/raw-cursor.ts";

export const DEFAULT_FIRST_BATCH = 101;

/** Clients that vanish leave cursors behind. mongod times them out; here the oldest is dropped. */
const MAX_OPEN_CURSORS = 10_000;

type OpenCursor = {
  readonly namespace: string;
  readonly documents: readonly Uint8Array[];
  next: number;
};

export class CursorTable {
  readonly #open = new Map<bigint, OpenCursor>();
  #lastId = 0n;

  /** The reply's first batch; the rest, if any, waits for getMore. */
  start(
    namespace: string,
    documents: readonly Uint8Array[],
    batchSize: number,
    isSingle: boolean,
  ): Uint8Array {
    const cursor: OpenCursor = { namespace, documents, next: 0 };
    const batch = takeBatch(cursor, batchSize);
    const isDone = isSingle || cursor.next >= documents.length;
    let id = 0n;
    if (!isDone) {
      this.#lastId += 1n;
      id = this.#lastId;
      this.#open.set(id, cursor);
      const [oldest] = this.#open.keys();
      if (this.#open.size > MAX_OPEN_CURSORS && oldest !== undefined) this.#open.delete(oldest);
    }
    return encodeCursorReply({ batchName: "firstBatch", documents: batch, id, namespace });
  }

  more(id: bigint, namespace: string, batchSize: number): Uint8Array {
    const cursor = this.#open.get(id);
    if (cursor === undefined) throw new CommandError(43, `cursor id ${id} not found`);
    if (cursor.namespace !== namespace) {
      throw new CommandError(
        13,
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
      );
    }
    const batch = takeBatch(cursor, batchSize);
    const isDone = cursor.next >= cursor.documents.length;
    if (isDone) this.#open.delete(id);
    return encodeCursorReply({
      batchName: "nextBatch",
      documents: batch,
      id: isDone ? 0n : id,
      namespace,
    });
  }

  kill(id: bigint): boolean {
    return this.#open.delete(id);
  }

  clear(): void {
    this.#open.clear();
  }
}

/** At most 16 MiB to a batch, but always one document where one is wanted. */
function takeBatch(cursor: OpenCursor, batchSize: number): Uint8Array[] {
  const batch: Uint8Array[] = [];
  let bytes = 0;
  while (batch.length < batchSize) {
    const document = cursor.documents[cursor.next];
    if (document === undefined) break;
    bytes += document.length;
    if (bytes > MAX_DOCUMENT_BYTES && batch.length > 0) break;
    batch.push(document);
    cursor.next += 1;
  }
  return batch;
}
