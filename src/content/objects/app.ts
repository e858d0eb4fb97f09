import type { App } from "../../app.ts";
import {
  BucketObject,
  Content,
  CreateObjectRequest,
  CreateObjectResult,
  CreateObjectsRequest,
  CreateObjectsResponse,
  ObjectListRequest,
} from "../../contract/object.ts";
import { OBJECTS_INDEXES } from "./indexes.ts";
import { objects } from "./routes-objects.ts";

/** Objects: what batches read. */
export const OBJECTS: App = {
  routes: [objects],
  indexes: OBJECTS_INDEXES,
  tags: [["Objects", "What batches read: text, JSON or a URL."]],
  components: {
    Content: [Content, "Exactly one of `text`, `json` and `url`."],
    CreateObjectRequest: [CreateObjectRequest, "A new object; its key is its id when absent."],
    CreateObjectsRequest: [CreateObjectsRequest, "Many new objects, each checked by itself."],
    CreateObjectResult: [CreateObjectResult, "The object's id, or why there is none."],
    CreateObjectsResponse: [
      CreateObjectsResponse,
      "One result per item, in the order of the items.",
    ],
    ObjectListRequest: [ObjectListRequest, "Filters of a list of objects."],
    Object: [BucketObject, "An object of a bucket; it never changes."],
  },
};
