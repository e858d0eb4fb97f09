/**
 * Cursor replies built from stored bytes: documents are answered as they were stored, without
 * being encoded again.
 */

const TYPE_DOUBLE = 0x01;
const TYPE_STRING = 0x02;
const TYPE_DOCUMENT = 0x03;
const TYPE_ARRAY = 0x04;
const TYPE_INT64 = 0x12;

export type CursorReply = {
  readonly batchName: "firstBatch" | "nextBatch";
  readonly documents: readonly Uint8Array[];
  readonly id: bigint;
  readonly namespace: string;
};

function field(type: number, name: string, ...value: Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), ...value]);
}

function document(...fields: Uint8Array[]): Buffer {
  let size = 5;
  for (const bytes of fields) size += bytes.length;
  const head = Buffer.allocUnsafe(4);
  head.writeInt32LE(size);
  return Buffer.concat([head, ...fields, Buffer.from([0])], size);
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function utf8(value: string): Buffer {
  const text = Buffer.from(`${value}\0`);
  const head = Buffer.allocUnsafe(4);
  head.writeInt32LE(text.length);
  return Buffer.concat([head, text]);
}

const OK = (() => {
  const one = Buffer.allocUnsafe(8);
  one.writeDoubleLE(1);
  return field(TYPE_DOUBLE, "ok", one);
})();

function documentArray(documents: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const [i, bytes] of documents.entries()) {
    const head = Buffer.from(`\x03${i}\0`, "latin1");
    parts.push(head, bytes);
  }
  return document(...parts);
}

export function encodeCursorReply(reply: CursorReply): Buffer {
  const cursor = document(
    field(TYPE_ARRAY, reply.batchName, documentArray(reply.documents)),
    field(TYPE_INT64, "id", int64(reply.id)),
    field(TYPE_STRING, "ns", utf8(reply.namespace)),
  );
  return document(field(TYPE_DOCUMENT, "cursor", cursor), OK);
}
