/**
 * OP_MSG, and the legacy OP_QUERY with which drivers open a connection.
 * Sources: https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md and
 * https://www.mongodb.com/docs/manual/legacy-opcodes/
 */
import { FramingError, HEADER_BYTES } from "./framing.ts";

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const FLAG_CHECKSUM_PRESENT = 1 << 0;
const FLAG_MORE_TO_COME = 1 << 1;
/** Bits 0-15 are "required": a receiver must refuse those that it does not know. */
const UNKNOWN_REQUIRED_FLAGS = 0xffff & ~(FLAG_CHECKSUM_PRESENT | FLAG_MORE_TO_COME);
const CHECKSUM_BYTES = 4;

export type Request = {
  readonly requestId: number;
  readonly kind: "msg" | "query";
  /** The command document, as bytes. */
  readonly body: Buffer;
  /** The documents of kind 1 sections, by the name of the command's field that they stand for. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  /** False for unacknowledged writes: the sender waits for no answer. */
  readonly wantsReply: boolean;
  /** The database of an OP_QUERY, which OP_MSG carries in `$db`. */
  readonly database: string | null;
};

function readDocument(bytes: Buffer, offset: number, end: number): Buffer {
  if (offset + 5 > end) throw new FramingError("a document is cut short");
  const length = bytes.readInt32LE(offset);
  if (length < 5 || offset + length > end) throw new FramingError("a document's length is wrong");
  return bytes.subarray(offset, offset + length);
}

function readName(bytes: Buffer, offset: number, end: number): string {
  const stop = bytes.indexOf(0, offset);
  if (stop === -1 || stop >= end) throw new FramingError("a name is not terminated");
  return bytes.toString("utf8", offset, stop);
}

function parseMsg(requestId: number, bytes: Buffer): Request {
  const flags = bytes.readUInt32LE(HEADER_BYTES);
  if ((flags & UNKNOWN_REQUIRED_FLAGS) !== 0) {
    throw new FramingError(`unknown required OP_MSG flags: ${flags}`);
  }
  const end = bytes.length - ((flags & FLAG_CHECKSUM_PRESENT) === 0 ? 0 : CHECKSUM_BYTES);
  let body: Buffer | null = null;
  const sequences = new Map<string, Buffer[]>();
  let offset = HEADER_BYTES + 4;
  while (offset < end) {
    const kind = bytes[offset];
    offset += 1;
    if (kind === 0) {
      if (body !== null) throw new FramingError("an OP_MSG has two bodies");
      body = readDocument(bytes, offset, end);
      offset += body.length;
      continue;
    }
    if (kind !== 1) throw new FramingError(`unknown OP_MSG section kind: ${kind}`);
    const sectionEnd = offset + bytes.readInt32LE(offset);
    if (sectionEnd > end) throw new FramingError("a section is cut short");
    const name = readName(bytes, offset + 4, sectionEnd);
    const documents: Buffer[] = [];
    let next = offset + 4 + Buffer.byteLength(name) + 1;
    while (next < sectionEnd) {
      const document = readDocument(bytes, next, sectionEnd);
      documents.push(document);
      next += document.length;
    }
    sequences.set(name, documents);
    offset = sectionEnd;
  }
  if (body === null) throw new FramingError("an OP_MSG has no body");
  const wantsReply = (flags & FLAG_MORE_TO_COME) === 0;
  return { requestId, kind: "msg", body, sequences, wantsReply, database: null };
}

function parseQuery(requestId: number, bytes: Buffer): Request {
  const nameOffset = HEADER_BYTES + 4;
  const namespace = readName(bytes, nameOffset, bytes.length);
  const bodyOffset = nameOffset + Buffer.byteLength(namespace) + 1 + 8;
  const body = readDocument(bytes, bodyOffset, bytes.length);
  const database = namespace.slice(0, namespace.indexOf("."));
  return { requestId, kind: "query", body, sequences: new Map(), wantsReply: true, database };
}

export function parseMessage(bytes: Buffer): Request {
  const requestId = bytes.readInt32LE(4);
  const opCode = bytes.readInt32LE(12);
  if (opCode === OP_MSG) return parseMsg(requestId, bytes);
  if (opCode === OP_QUERY) return parseQuery(requestId, bytes);
  throw new FramingError(`unknown op code ${opCode}`);
}

let lastReplyId = 0;

export function frameReply(request: Request, body: Uint8Array): Buffer {
  // OP_MSG: flags and the section kind. OP_REPLY: flags, cursor id, starting from, number returned.
  const preambleBytes = request.kind === "msg" ? 5 : 20;
  const length = HEADER_BYTES + preambleBytes + body.length;
  const message = Buffer.alloc(HEADER_BYTES + preambleBytes);
  lastReplyId = (lastReplyId + 1) & 0x7fffffff;
  message.writeInt32LE(length, 0);
  message.writeInt32LE(lastReplyId, 4);
  message.writeInt32LE(request.requestId, 8);
  message.writeInt32LE(request.kind === "msg" ? OP_MSG : OP_REPLY, 12);
  if (request.kind === "query") message.writeInt32LE(1, HEADER_BYTES + 16);
  return Buffer.concat([message, body], length);
}
