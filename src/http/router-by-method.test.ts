import { expect, test } from "vitest";
import { RouterByMethod } from "./router-by-method.ts";

function routed(method: string, path: string): string[] {
  const router = new RouterByMethod<string>();
  router.add("ALL", "/*", "key");
  router.add("POST", "/tasks/list", "list");
  router.add("ALL", "/tasks/*", "namespace");
  router.add("GET", "/tasks/:task_id", "poll");
  router.add("POST", "/tasks/:task_id/kill", "kill");
  return router.match(method, path)[0].map(([handler]) => handler);
}

test("what is for all methods comes in the order in which it was added", () => {
  expect(routed("GET", "/tasks/tsk_1")).toEqual(["key", "namespace", "poll"]);
  expect(routed("POST", "/tasks/list")).toEqual(["key", "list", "namespace"]);
  expect(routed("POST", "/tasks/tsk_1/kill")).toEqual(["key", "namespace", "kill"]);
});

test("a path without a route of the method gets what is for all methods", () => {
  expect(routed("POST", "/tasks/tsk_1")).toEqual(["key", "namespace"]);
  expect(routed("PATCH", "/nowhere")).toEqual(["key"]);
});
