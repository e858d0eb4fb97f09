import type { BatchStores } from "../../src/content/batch/job/process-batch.ts";

// For the tests of jobs only.

/** Rejects: for what the job under test has no business with. */
export const unused = () => Promise.reject(new Error("a job has no need of this"));

/** Stores of objects, each method {@link unused}; a test puts its own in their places. */
export const unusedObjects: BatchStores["objects"] = {
  insert: unused,
  insertMany: unused,
  find: unused,
  list: unused,
  remove: unused,
  range: unused,
  pick: unused,
  existing: unused,
  extent: unused,
};
