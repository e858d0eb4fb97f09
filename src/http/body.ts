import { DomainError } from "../engine/errors.ts";

/** The largest request body, unpacked: 1 MiB. */
export const MAX_BODY_BYTES = 1_048_576;

/** A coding that bodies can't have; it is answered with those that they can have. */
export class UnsupportedCodingError extends Error {}

/** What `Content-Encoding` may say (RFC 9110, section 8.4); `x-gzip` is an old name of gzip. */
const GZIP = /^(x-)?gzip$/i;
const NO_CODING = /^(identity)?$/i;

/**
 * The whole body of a request, unpacked where it is gzip; empty when there is none. Throws
 * `payload_too_large` before more than 1 MiB is held, `malformed_json` for a body that can't be read
 * to its end (its connection broke, its chunks or its gzip are none), and
 * {@link UnsupportedCodingError}.
 */
export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const coding = request.headers.get("Content-Encoding")?.trim() ?? "";
  if (request.body === null) return new Uint8Array();
  if (Number(request.headers.get("Content-Length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (NO_CODING.test(coding)) return readAll(request.body);
  if (!GZIP.test(coding)) throw new UnsupportedCodingError(coding);
  // What is sent is bounded too: gzip may hold any number of empty members.
  const packed = await readAll(request.body);
  if (packed.byteLength === 0) return packed;
  return readAll(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")));
}

async function readAll(body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw brokenOff();
    });
    if (done) break;
    size += value.byteLength;
    if (size > MAX_BODY_BYTES) {
      // It is given up, and so is an error that it may end in.
      reader.cancel().catch(() => undefined);
      throw tooLarge();
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(size);
  let end = 0;
  for (const chunk of chunks) {
    whole.set(chunk, end);
    end += chunk.byteLength;
  }
  return whole;
}

function tooLarge(): DomainError {
  return new DomainError(
    "payload_too_large",
    "A body may have 1 MiB at most, unpacked. Send less at once.",
  );
}

function brokenOff(): DomainError {
  return new DomainError(
    "malformed_json",
    "The body could not be read to its end: it broke off, or its chunks or its gzip are malformed.",
  );
}
