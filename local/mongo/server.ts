/**
 * A MongoDB server for tests and local runs: the wire protocol, the documents and the indexes, in
 * one process and in memory. What it leaves out is in README.md.
 */
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { FaultPlan, OperationLog } from "../faults.ts";
import { CursorTable } from "./commands/cursor-table.ts";
import { prepareCommand } from "./commands/table.ts";
import { Journal } from "./storage/journal.ts";
import { Store } from "./storage/store.ts";
import { Connection } from "./wire/connection.ts";

export type MongoServerOptions = {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Where the data outlives the process. Default: nowhere, it is kept in memory only. */
  readonly file?: string;
};

export type MongoServer = {
  readonly uri: string;
  readonly port: number;
  readonly faults: FaultPlan;
  readonly operations: OperationLog;
  /** What queries looked at since the start or the last reset: how tests prove that an index serves. */
  examined(): { documents: number; keys: number };
  resetExamined(): void;
  /** Forgets all data. Connections, faults and records stay. */
  drop(): Promise<void>;
  close(): Promise<void>;
};

const HOST = "127.0.0.1";

export async function startMongoServer(options: MongoServerOptions = {}): Promise<MongoServer> {
  const faults = new FaultPlan();
  const operations = new OperationLog();
  const cursors = new CursorTable();
  const store = new Store(options.file === undefined ? null : new Journal(options.file));
  const examined = { documents: 0, keys: 0 };
  const sockets = new Set<Socket>();
  let lastConnectionId = 0;

  const server = createServer((socket) => {
    lastConnectionId += 1;
    const deps = {
      store,
      cursors,
      examined,
      now: () => new Date(),
      connectionId: lastConnectionId,
    };
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    void new Connection(socket, {
      faults,
      operations,
      prepare: (request) => prepareCommand(request, deps),
    });
  });
  const port = await listen(server, options.port ?? 0);

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of sockets) socket.destroy();
    await closed;
    store.close();
  };

  return {
    uri: `mongodb://${HOST}:${port}/?directConnection=true`,
    port,
    faults,
    operations,
    examined: () => ({ ...examined }),
    resetExamined: () => {
      examined.documents = 0;
      examined.keys = 0;
    },
    drop: async () => {
      cursors.clear();
      store.dropAll();
    },
    close: () => (closing ??= close()),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
      else reject(new Error("The server has no port"));
    });
  });
}
