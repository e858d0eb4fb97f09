/** Databases and collections. Source: https://www.mongodb.com/docs/manual/reference/command/nav-administration/ */
import { compileFilter } from "../query/matcher.ts";
import type { Doc } from "../values/types.ts";
import { encode } from "../wire/bson-codec.ts";
import { docArgument, flagArgument } from "../values/arguments.ts";
import { collectionName, writtenNamespace } from "./arguments.ts";
import type { CommandDefinition } from "./context.ts";
import { describeIndex } from "../storage/index-spec.ts";
import { ID_INDEX } from "../storage/collection.ts";
import { CommandError } from "../errors.ts";

const shortName = (namespace: string): string => namespace.slice(namespace.indexOf(".") + 1);

/** Creating what exists with the same options succeeds since MongoDB 7.0; here there are no options. */
export const create: CommandDefinition = {
  isWrite: true,
  isRecorded: true,
  fields: ["idIndex"],
  refused: [
    "capped",
    "size",
    "max",
    "timeseries",
    "expireAfterSeconds",
    "clusteredIndex",
    "changeStreamPreAndPostImages",
    "storageEngine",
    "validator",
    "validationLevel",
    "validationAction",
    "indexOptionDefaults",
    "viewOn",
    "pipeline",
    "collation",
    "encryptedFields",
  ],
  run: (context, command) => {
    context.store.ensure(writtenNamespace(command, context.database));
    return {};
  },
};

/** Dropping what does not exist succeeds since MongoDB 7.0. */
export const drop: CommandDefinition = {
  isWrite: true,
  isRecorded: true,
  fields: [],
  run: (context, command) => {
    const namespace = `${context.database}.${collectionName(command)}`;
    const collection = context.store.find(namespace);
    if (collection === undefined) return {};
    context.store.drop(namespace);
    return { nIndexesWas: collection.indexes.length, ns: namespace };
  },
};

export const dropDatabase: CommandDefinition = {
  isWrite: true,
  isRecorded: true,
  fields: [],
  run: (context) => {
    for (const { namespace } of context.store.collectionsOf(context.database)) {
      context.store.drop(namespace);
    }
    return { dropped: context.database };
  },
};

export const listCollections: CommandDefinition = {
  isWrite: false,
  isRecorded: true,
  fields: ["filter", "nameOnly", "authorizedCollections", "cursor"],
  run: (context, command) => {
    const matches = compileFilter(docArgument(command, "filter"));
    const isNameOnly = flagArgument(command, "nameOnly");
    const documents = context.store.collectionsOf(context.database).flatMap(({ namespace }) => {
      const name = shortName(namespace);
      const full: Doc = {
        name,
        type: "collection",
        options: {},
        info: { readOnly: false },
        idIndex: describeIndex(ID_INDEX),
      };
      if (!matches(full)) return [];
      return [encode(isNameOnly ? { name, type: "collection" } : full)];
    });
    return context.cursors.start(
      `${context.database}.$cmd.listCollections`,
      documents,
      Infinity,
      true,
    );
  },
};

export const listDatabases: CommandDefinition = {
  isWrite: false,
  isRecorded: true,
  fields: ["filter", "nameOnly", "authorizedDatabases"],
  run: (context, command) => {
    if (context.database !== "admin") {
      throw new CommandError(13, "listDatabases may only be run against the admin database.");
    }
    const matches = compileFilter(docArgument(command, "filter"));
    const databases = context.store
      .databases()
      .map((name) => {
        const collections = context.store.collectionsOf(name);
        const sizeOnDisk = collections.reduce((sum, one) => sum + bytesOf(one.records()), 0);
        return { name, sizeOnDisk, empty: collections.every((one) => one.size === 0) };
      })
      .filter(matches);
    if (flagArgument(command, "nameOnly")) {
      return { databases: databases.map(({ name }) => ({ name })) };
    }
    const totalSize = databases.reduce((sum, one) => sum + one.sizeOnDisk, 0);
    return { databases, totalSize };
  },
};

function bytesOf(records: Iterable<{ readonly raw: Uint8Array }>): number {
  let bytes = 0;
  for (const { raw } of records) bytes += raw.length;
  return bytes;
}
