import { callRoute, type Config } from "./call.ts";
import type { ClientOptions } from "./options.ts";
import { listAll } from "./list-all.ts";
import { routes } from "./routes.ts";
import type { GroupOf, Route } from "./route.ts";
import { platform, type Runtime } from "./runtime.ts";
import { streamTask, type StreamTask } from "./stream-task.ts";
import { waitForTask, type WaitForTask } from "./wait-for-task.ts";

type Groups = { readonly [Group in keyof typeof routes]: GroupOf<(typeof routes)[Group]> };

/** Waybill, callable: a group of methods for each resource, and the ways to follow a task. */
export type Client = Groups & {
  readonly waitForTask: WaitForTask;
  readonly streamTask: StreamTask;
};

/**
 * Makes a client. It holds nothing but its options: make as many as there are keys or namespaces.
 * Throws a `TypeError` for options that can't be meant.
 *
 * @example
 * const client = createClient({ baseUrl: "https://waybill.example", key, namespace: "shop" });
 * const task = await client.batches.submit(bucketId, batchId);
 * await client.waitForTask(task.task_id);
 */
export function createClient(options: ClientOptions): Client {
  return createClientWith(options, platform);
}

/** The same, with time and chance as arguments. */
export function createClientWith(options: ClientOptions, runtime: Runtime): Client {
  const config = configOf(options, runtime);
  return {
    ...groupsOf(config),
    waitForTask: waitForTask(config),
    streamTask: streamTask(config),
  };
}

function configOf(options: ClientOptions, runtime: Runtime): Config {
  if (!/^https?:\/\//.test(options.baseUrl)) {
    throw new TypeError(`baseUrl: expected an http or https URL, not "${options.baseUrl}"`);
  }
  if (!options.key) throw new TypeError("key: expected an API key");
  // Called as a plain function: the platform's own fetch refuses to be another object's method.
  const send = options.fetch ?? globalThis.fetch;
  const transport = { fetch: ((...given) => send(...given)) as typeof fetch, runtime };
  return { options, baseUrl: options.baseUrl.replace(/\/+$/, ""), transport };
}

/** The table as methods. Their types are those of the table; what is answered is the service's word. */
function groupsOf(config: Config): Groups {
  const groups = Object.entries(routes).map(([group, methods]) => {
    const made = Object.entries(methods).flatMap(([name, route]: [string, Route]) => {
      const one = [name, (...given: unknown[]) => callRoute(config, route, given)] as const;
      if (route.kind !== "page") return [one];
      return [one, [`${name}All`, (...given: unknown[]) => listAll(config, route, given)] as const];
    });
    return [group, Object.fromEntries(made)] as const;
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is built from the table that its type is derived from
  return Object.fromEntries(groups) as unknown as Groups;
}
