/** Source: https://www.mongodb.com/docs/manual/reference/command/createIndexes/ */
import { badValue, CommandError, typeMismatch } from "../errors.ts";
import type { Collection } from "../storage/collection.ts";
import { keyPatternOf } from "../storage/index.ts";
import { describeIndex, parseIndexSpec } from "../storage/index-spec.ts";
import type { IndexSpec } from "../storage/index.ts";
import { identical } from "../values/compare.ts";
import { isDoc } from "../values/types.ts";
import type { Doc } from "../values/types.ts";
import { encode } from "../wire/bson-codec.ts";
import { arrayArgument } from "../values/arguments.ts";
import { collectionName, writtenNamespace } from "./arguments.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";

function sameSpec(a: IndexSpec, b: IndexSpec): boolean {
  return (
    a.isUnique === b.isUnique &&
    a.isSparse === b.isSparse &&
    identical(keyPatternOf(a), keyPatternOf(b)) &&
    identical(a.partialFilter, b.partialFilter)
  );
}

/** Whether the index is there already; throws when another one is in its way. */
function isPresent(collection: Collection, spec: IndexSpec): boolean {
  for (const { spec: other } of collection.indexes) {
    const hasSameKey = identical(keyPatternOf(spec), keyPatternOf(other));
    if (other.name === spec.name) {
      if (sameSpec(spec, other) || (other.name === "_id_" && hasSameKey)) return true;
      throw new CommandError(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${spec.name}`,
      );
    }
    if (hasSameKey && other.name === "_id_") return true;
    if (hasSameKey && identical(spec.partialFilter, other.partialFilter)) {
      throw new CommandError(85, `Index already exists with a different name: ${other.name}`);
    }
  }
  return false;
}

export const createIndexes: CommandDefinition = {
  isWrite: true,
  isRecorded: true,
  fields: ["indexes", "commitQuorum"],
  run: (context, command) => {
    const namespace = writtenNamespace(command, context.database);
    const specs = arrayArgument(command, "indexes").map(parseIndexSpec);
    if (specs.length === 0) throw badValue("Must specify at least one index to create");
    const createdCollectionAutomatically = context.store.find(namespace) === undefined;
    const collection = context.store.ensure(namespace);
    const numIndexesBefore = collection.indexes.length;
    const added: string[] = [];
    try {
      for (const spec of specs) {
        if (isPresent(collection, spec)) continue;
        context.store.addIndex(collection, spec);
        added.push(spec.name);
      }
    } catch (error) {
      // All of the command's indexes or none.
      for (const name of added) context.store.dropIndex(collection, name);
      throw error;
    }
    const numIndexesAfter = collection.indexes.length;
    const note = numIndexesAfter === numIndexesBefore ? { note: "all indexes already exist" } : {};
    return { numIndexesBefore, numIndexesAfter, createdCollectionAutomatically, ...note };
  },
};

function existing(context: CommandContext, command: Doc): Collection {
  const namespace = `${context.database}.${collectionName(command)}`;
  const collection = context.store.find(namespace);
  if (collection === undefined) throw new CommandError(26, `ns does not exist: ${namespace}`);
  return collection;
}

/** https://www.mongodb.com/docs/manual/reference/command/listIndexes/ */
export const listIndexes: CommandDefinition = {
  isWrite: false,
  isRecorded: true,
  fields: ["cursor"],
  run: (context, command) => {
    const collection = existing(context, command);
    const documents = collection.indexes.map((index) => encode(describeIndex(index.spec)));
    return context.cursors.start(collection.namespace, documents, Infinity, true);
  },
};

/** https://www.mongodb.com/docs/manual/reference/command/dropIndexes/ */
export const dropIndexes: CommandDefinition = {
  isWrite: true,
  isRecorded: true,
  fields: ["index"],
  run: (context, command) => {
    const collection = existing(context, command);
    const nIndexesWas = collection.indexes.length;
    const wanted = command["index"];
    const names = collection.indexes.slice(1).map((index) => index.spec.name);
    const doomed =
      wanted === "*"
        ? names
        : (Array.isArray(wanted) ? wanted : [wanted]).map((one) => indexName(collection, one));
    for (const name of doomed) checkDroppable(collection, name);
    for (const name of new Set(doomed)) context.store.dropIndex(collection, name);
    return { nIndexesWas };
  },
};

/** All of the command's indexes go or none. */
function checkDroppable(collection: Collection, name: string): void {
  if (name === "_id_") throw new CommandError(72, "cannot drop _id index");
  if (!collection.indexes.some((index) => index.spec.name === name)) {
    throw new CommandError(27, `index not found with name [${name}]`);
  }
}

function indexName(collection: Collection, wanted: unknown): string {
  if (typeof wanted === "string") return wanted;
  if (!isDoc(wanted))
    throw typeMismatch("dropIndexes.index has to be a name, a list of names or a key pattern");
  const found = collection.indexes.find((index) => identical(keyPatternOf(index.spec), wanted));
  if (found === undefined) {
    throw new CommandError(27, `can't find index with key: ${JSON.stringify(wanted)}`);
  }
  return found.spec.name;
}
