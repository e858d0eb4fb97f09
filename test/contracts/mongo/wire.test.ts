/** The protocol itself, byte by byte: what no driver does on purpose. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { deserialize, Double, serialize } from "bson";
import type { Document } from "bson";
import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";

const bench = useServer();

const OP_MSG = 2013;
const OP_QUERY = 2004;
const OP_REPLY = 1;

function frame(opCode: number, requestId: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + body.length, 0);
  header.writeInt32LE(requestId, 4);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function message(requestId: number, command: Document, flags = 0, ...more: Uint8Array[]): Buffer {
  return frame(OP_MSG, requestId, int32(flags), Buffer.from([0]), serialize(command), ...more);
}

function sequence(name: string, ...documents: Document[]): Buffer {
  const rest = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((one) => serialize(one))]);
  return Buffer.concat([Buffer.from([1]), int32(4 + rest.length), rest]);
}

type Reply = { opCode: number; responseTo: number; body: Document; bytes: Buffer };

/** Sends chunks and reads this many replies. */
async function exchange(count: number, ...chunks: Uint8Array[]): Promise<Reply[]> {
  const socket = await open();
  try {
    for (const chunk of chunks) {
      // One chunk to a packet: the next is sent when this one has left.
      await new Promise<void>((resolve) => {
        socket.write(chunk, () => resolve());
      });
    }
    return await read(socket, count);
  } finally {
    socket.destroy();
  }
}

async function open(): Promise<Socket> {
  const socket = connect(bench.server().port, "127.0.0.1").setNoDelay(true);
  await once(socket, "connect");
  return socket;
}

async function read(socket: Socket, count: number): Promise<Reply[]> {
  let bytes = Buffer.alloc(0);
  const replies: Reply[] = [];
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, Buffer.from(chunk)]);
    while (bytes.length >= 4 && bytes.length >= bytes.readInt32LE(0)) {
      const length = bytes.readInt32LE(0);
      const opCode = bytes.readInt32LE(12);
      const document = bytes.subarray(opCode === OP_MSG ? 21 : 36, length);
      const body = deserialize(document);
      replies.push({ opCode, responseTo: bytes.readInt32LE(8), body, bytes: document });
      bytes = bytes.subarray(length);
    }
    if (replies.length >= count) break;
  }
  return replies;
}

const ping = { ping: 1, $db: "admin" };

describe("the wire protocol", () => {
  it("an OP_QUERY handshake is answered with an OP_REPLY", async () => {
    const query = frame(
      OP_QUERY,
      7,
      int32(0),
      Buffer.from("admin.$cmd\0"),
      int32(0),
      int32(0xffffffff),
      serialize({ isMaster: 1, helloOk: true }),
    );
    const [reply] = await exchange(1, query);
    expect(reply).toMatchObject({
      opCode: OP_REPLY,
      responseTo: 7,
      body: { ismaster: true, ok: 1 },
    });
  });

  it("a message that comes byte by byte is understood", async () => {
    const bytes = message(1, ping);
    const [reply] = await exchange(1, ...Array.from(bytes, (byte) => Buffer.from([byte])));
    expect(reply).toMatchObject({ responseTo: 1, body: { ok: 1 } });
  });

  it("messages that come in one packet are answered in order", async () => {
    const replies = await exchange(3, Buffer.concat([1, 2, 3].map((id) => message(id, ping))));
    expect(replies.map((reply) => reply.responseTo)).toEqual([1, 2, 3]);
  });

  it("a packet that ends inside the next message's length loses nothing", async () => {
    const bytes = Buffer.concat([message(1, ping), message(2, ping)]);
    const cut = message(1, ping).length + 2;
    const replies = await exchange(2, bytes.subarray(0, cut), bytes.subarray(cut));
    expect(replies.map((reply) => reply.responseTo)).toEqual([1, 2]);
  });

  it("a delayed operation holds back the later ones of its connection", async () => {
    const rows = await bench.rows();
    bench.server().faults.add({
      phase: "after",
      match: (operation) => operation.name === "insert",
      action: { kind: "delay", ms: 30 },
      times: 1,
    });
    const insert = { insert: rows.collectionName, documents: [{ _id: 1 }], $db: "test" };
    const replies = await exchange(2, Buffer.concat([message(1, insert), message(2, ping)]));
    expect(replies.map((reply) => reply.responseTo)).toEqual([1, 2]);
  });

  it("documents of a kind 1 section stand for a field of the command", async () => {
    const rows = await bench.rows();
    const documents = sequence("documents", { _id: 1 }, { _id: 2 });
    const insert = message(1, { insert: rows.collectionName, $db: "test" }, 0, documents);
    const [reply] = await exchange(1, insert);
    expect(reply?.body).toMatchObject({ n: 2, ok: 1 });
    expect(await rows.distinct("_id")).toEqual([1, 2]);
  });

  it("a checksum is passed over", async () => {
    const [reply] = await exchange(1, message(1, ping, 1, int32(0xdeadbeef)));
    expect(reply?.body).toMatchObject({ ok: 1 });
  });

  it("exhaustAllowed is ignored", async () => {
    const [reply] = await exchange(1, message(1, ping, 1 << 16));
    expect(reply?.body).toMatchObject({ ok: 1 });
  });

  it("moreToCome: the request is carried out and not answered", async () => {
    const rows = await bench.rows();
    const insert = { insert: rows.collectionName, documents: [{ _id: 1 }], $db: "test" };
    const [first] = await exchange(1, message(1, insert, 2), message(2, ping));
    expect(first?.responseTo).toBe(2);
    expect(await rows.countDocuments({})).toBe(1);
  });

  it.each([
    ["an unknown op code", frame(2012, 1, Buffer.alloc(20))],
    ["a length beyond the limit", Buffer.concat([int32(48_000_001), Buffer.alloc(12)])],
    ["a length below the header's", Buffer.concat([int32(3), Buffer.alloc(12)])],
    ["an unknown required flag", message(1, ping, 1 << 5)],
    [
      "a document that is longer than its message",
      frame(OP_MSG, 1, int32(0), Buffer.from([0]), int32(500)),
    ],
    ["a message without a body", frame(OP_MSG, 1, int32(0), sequence("documents"))],
  ])("%s ends the connection without an answer", async (_what, bytes) => {
    expect(await exchange(1, bytes)).toEqual([]);
    // The server itself goes on.
    expect(await bench.client().db("admin").command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it("ok is a double in every reply, as MongoDB sends it", async () => {
    const commands = [ping, { ping: 1 }, { none: 1, $db: "test" }, { find: "x", $db: "test" }];
    for (const [at, command] of commands.entries()) {
      const [reply] = await exchange(1, message(at, command));
      const { ok } = deserialize(reply?.bytes ?? Buffer.alloc(0), { promoteValues: false });
      expect(ok).toEqual(new Double([1, 0, 0, 1][at] ?? Number.NaN));
    }
  });

  it("a command without $db is refused", async () => {
    const [reply] = await exchange(1, message(1, { find: "x" }));
    expect(reply?.body).toMatchObject({ ok: 0, code: 40571 });
  });

  it("the server listens on the loopback interface only", () => {
    expect(bench.server().uri).toBe(
      `mongodb://127.0.0.1:${bench.server().port}/?directConnection=true`,
    );
  });
});
