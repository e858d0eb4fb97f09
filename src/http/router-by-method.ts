import { METHOD_NAME_ALL, type Result, type Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";

/**
 * A router for each method. Hono's fast router can't hold both `POST /tasks/list` and `POST
 * /tasks/:task_id/kill`; given all routes at once, Hono matches every request with its slow router,
 * and POST routes would take a tenth of a poll's time.
 */
export class RouterByMethod<Handler> implements Router<Handler> {
  readonly name = "RouterByMethod";
  readonly #routes: [method: string, path: string, handler: Handler][] = [];
  readonly #routers = new Map<string, Router<Handler>>();

  add(method: string, path: string, handler: Handler): void {
    this.#routes.push([method, path, handler]);
  }

  match(method: string, path: string): Result<Handler> {
    const router = this.#routers.get(method) ?? this.#build(method);
    return router.match(method, path);
  }

  #build(method: string): Router<Handler> {
    const router = new SmartRouter<Handler>({ routers: [new RegExpRouter(), new TrieRouter()] });
    for (const route of this.#routes) {
      if (route[0] === method || route[0] === METHOD_NAME_ALL) router.add(...route);
    }
    this.#routers.set(method, router);
    return router;
  }
}
