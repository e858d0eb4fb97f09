import type { JobContext } from "../../src/engine/runner/define-job.ts";

// For the tests of jobs only.

type JobStores = JobContext<never>["stores"];

/** Rejects: for what the job under test has no business with. */
export const unused = () => Promise.reject(new Error("a job has no need of this"));

const works = {
  insert: unused,
  find: unused,
  get: unused,
  list: unused,
  mirror: unused,
  mirrorMany: unused,
  update: unused,
  removeAtRest: unused,
};

/** Every store that a job gets, each method {@link unused}; a test puts its own in their places. */
export const unusedStores: JobStores = {
  namespaces: {
    insert: unused,
    find: unused,
    list: unused,
    isInUse: unused,
    activate: unused,
    remove: unused,
  },
  migrations: works,
  taxonomies: works,
  copies: {
    count: unused,
    page: unused,
    outline: unused,
    pick: unused,
    existing: unused,
    write: unused,
    remove: unused,
    removeAll: unused,
  },
  labels: { unlabelled: unused, countUnlabelled: unused, label: unused },
  collections: { insert: unused, list: unused, remove: unused, find: unused },
  documents: {
    find: unused,
    list: unused,
    remove: unused,
    removeAll: unused,
    countOf: unused,
    writeMany: unused,
  },
  clustering: {
    models: {
      create: unused,
      read: unused,
      advance: unused,
      writeParts: unused,
      removeRun: unused,
      doneRuns: unused,
      removeOlder: unused,
      removeAll: unused,
      results: unused,
    },
    documents: {
      count: unused,
      ids: unused,
      vectors: unused,
      texts: unused,
      page: unused,
      assign: unused,
    },
  },
  objects: {
    insert: unused,
    insertMany: unused,
    find: unused,
    list: unused,
    remove: unused,
    range: unused,
    pick: unused,
    existing: unused,
    extent: unused,
  },
};
