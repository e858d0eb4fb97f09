import { DomainError } from "../engine/errors.ts";

/** The largest request body, unpacked: 1 MiB. */
export const MAX_BODY_BYTES = 1_048_576;

/** An unsupported content coding; the response lists the supported ones. */
export class UnsupportedCodingError extends Error {}

/**
 * The accepted `Content-Encoding` values (RFC 9110, section 8.4); `x-gzip` is an old name of gzip.
 */
const GZIP = /^(x-)?gzip$/i;
const NO_CODING = /^(identity)?$/i;

/**
 * The whole body of a request, unpacked if it is gzip; empty when there is none. Throws
 * `payload_too_large` before it holds more than 1 MiB, `malformed_json` for a body that can't be
 * read to its end (a broken connection, malformed chunks or gzip), and
 * {@link UnsupportedCodingError}.
 */
export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const coding = request.headers.get("Content-Encoding")?.trim() ?? "";
  if (request.body === null) return new Uint8Array();
  if (Number(request.headers.get("Content-Length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (NO_CODING.test(coding)) return readAll(request.body);
  if (!GZIP.test(coding)) throw new UnsupportedCodingError(coding);
  // The packed size is bounded too: gzip may hold any number of empty members.
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
      // The body is abandoned, and an error that it ends with is ignored.
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
