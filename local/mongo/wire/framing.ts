/**
 * Cuts a stream of bytes into wire messages. Chunks are kept as they came and joined once per
 * message, so that a 48 MB message costs one copy and not one per packet.
 * Source: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 */

/** https://www.mongodb.com/docs/manual/reference/command/hello/#mongodb-data-hello.maxMessageSizeBytes */
export const MAX_MESSAGE_BYTES = 48_000_000;
export const HEADER_BYTES = 16;

export class FramingError extends Error {}

export class MessageSplitter {
  #chunks: Buffer[] = [];
  #buffered = 0;

  /** The messages that this chunk completes. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const messages: Buffer[] = [];
    for (let length = this.#nextLength(); length !== null; length = this.#nextLength()) {
      messages.push(this.#take(length));
    }
    return messages;
  }

  /** The next message's length when all of it has arrived. */
  #nextLength(): number | null {
    if (this.#buffered < 4) return null;
    let head = this.#chunks[0];
    if (head === undefined) return null;
    if (head.length < 4) {
      head = Buffer.concat(this.#chunks);
      this.#chunks = [head];
    }
    const length = head.readInt32LE(0);
    if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
      throw new FramingError(`a message of ${length} bytes is outside the protocol's limits`);
    }
    return this.#buffered >= length ? length : null;
  }

  #take(length: number): Buffer {
    const first = this.#chunks[0];
    const whole =
      first !== undefined && first.length >= length ? first : Buffer.concat(this.#chunks);
    const rest = whole.subarray(length);
    this.#chunks = whole === first ? [rest, ...this.#chunks.slice(1)] : [rest];
    if (rest.length === 0) this.#chunks.shift();
    this.#buffered -= length;
    return whole.subarray(0, length);
  }
}
