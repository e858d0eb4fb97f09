/**
 * What drivers ask for themselves. The server calls itself a standalone one: no replica set, hence
 * no retryable writes and no transactions.
 * Source: https://www.mongodb.com/docs/manual/reference/command/hello/
 */
import { MAX_DOCUMENT_BYTES } from "../wire/bson-codec.ts";
import { MAX_MESSAGE_BYTES } from "../wire/framing.ts";
import type { CommandContext, CommandDefinition, Reply } from "./context.ts";
import { MAX_WRITE_BATCH } from "./write-batch.ts";

/** MongoDB 8.0. */
const MAX_WIRE_VERSION = 25;
const VERSION = [8, 0, 0, 0] as const;

function housekeeping(run: (context: CommandContext) => Reply): CommandDefinition {
  return {
    isWrite: false,
    isRecorded: false,
    fields: [
      "helloOk",
      "client",
      "compression",
      "loadBalanced",
      "topologyVersion",
      "maxAwaitTimeMS",
      "backpressure",
      "saslSupportedMechs",
      "speculativeAuthenticate",
      "hostInfo",
      "internalClient",
      "forShell",
    ],
    run,
  };
}

function describe(context: CommandContext, primaryField: "isWritablePrimary" | "ismaster"): Reply {
  return {
    helloOk: true,
    [primaryField]: true,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: MAX_WRITE_BATCH,
    localTime: context.now(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: context.connectionId,
    minWireVersion: 0,
    maxWireVersion: MAX_WIRE_VERSION,
    readOnly: false,
  };
}

export const hello = housekeeping((context) => describe(context, "isWritablePrimary"));
export const isMaster = housekeeping((context) => describe(context, "ismaster"));
export const acknowledge = housekeeping(() => ({}));

export const buildInfo = housekeeping(() => ({
  version: VERSION.slice(0, 3).join("."),
  versionArray: [...VERSION],
  gitVersion: "waybill-stand-in",
  modules: [],
  bits: 64,
  debug: false,
  maxBsonObjectSize: MAX_DOCUMENT_BYTES,
}));
