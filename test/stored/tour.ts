import { z } from "zod";
import type { Api } from "../support/api.ts";
import { fill, readRoutes, type Route } from "../support/routes.ts";
import type { World } from "../support/world.ts";
import type { StoredAnswer } from "./archive.ts";

const Page = z.object({
  results: z.array(z.record(z.string(), z.unknown())),
  pagination: z.object({ next_cursor: z.string().nullable() }),
});

/** A row of a list: its own id, and those of the resources that it is in. */
type Row = Readonly<Record<string, unknown>>;

const AT_ONCE = 8;
const MOST_ROWS = 200;

/** A stream never ends, and nothing stored is in the catalogue. */
const SKIPPED: ReadonlySet<string> = new Set(["/v1/events/stream", "/v1/event-types"]);

/** Bodies of lists, beside the number of rows. */
const FILTERS: Readonly<Record<string, object>> = {
  "/v1/event-types/list": { origin: "registered" },
};

/** Path parameters that other kinds of row have as a field too, with a field that only the right kind has. */
const AMBIGUOUS: Readonly<Record<string, string>> = { type: "executor_url", event_type: "origin" };

/** Fields that tell kinds of row apart. One row of each kind is also asked for by itself. */
const KINDS = ["status", "task_type", "executor_url", "url", "k", "kind"];

/** Fields that depend on the present, or are derived from others. */
const LEFT_OUT: ReadonlySet<string> = new Set(["next_times", "schema", "example"]);

const isRead = ({ method, path }: Route) =>
  !SKIPPED.has(path) && (method === "GET" || (method === "POST" && path.endsWith("/list")));

/** Whether a row has what the route's path asks for. */
function leadsTo(route: Route, row: Row): boolean {
  return route.pathParameters.every((name) => {
    const mark = AMBIGUOUS[name];
    return typeof nameIn(row, name) === "string" && (mark === undefined || mark in row);
  });
}

/** A row of the catalogue has its type's name under `type`. */
const nameIn = (row: Row, name: string) => row[name === "event_type" ? "type" : name];

/**
 * Asks every route that reads, or those that are meant, in every namespace: each list whole, and one
 * row of each kind by itself. Throws when an answer isn't 200 or a list has more than one page.
 */
export async function readEverything(
  world: World,
  isMeant: (path: string) => boolean = () => true,
): Promise<StoredAnswer[]> {
  const routes = (await readRoutes(world.api)).filter((one) => isRead(one) && isMeant(one.path));
  const namespaces: Row[] = [];
  const all = await read(world.api, routes, null, namespaces);
  const seen = new Set<string>();
  for (const { name, status, namespace_id } of namespaces) {
    // One of those that are named alike, such as a migration's targets. A DRAFT can't be used yet.
    const kind = String(name).replace(/\d+$/, "");
    if (status !== "ACTIVE" || seen.has(kind)) continue;
    seen.add(kind);
    const api = world.api.as({ namespace: String(name) });
    all.push(...(await read(api, routes, String(name), [{ namespace_id }])));
  }
  return all;
}

/** Whether a route is of the whole deployment, not of a namespace. */
const isOfNone = ({ path }: Route) => /^\/v1\/(namespaces|keys)(\/list|\/\{\w+\})?$/.test(path);

async function read(
  api: Api,
  routes: readonly Route[],
  namespace: string | null,
  known: Row[],
): Promise<StoredAnswer[]> {
  const meant = routes.filter((route) => isOfNone(route) === (namespace === null));
  const answers = new Map<string, StoredAnswer>();
  const kinds = new Set<string>();
  for (let before = -1; answers.size > before;) {
    before = answers.size;
    const asked = new Map<string, Route>();
    for (const route of meant) {
      const rows = route.pathParameters.length === 0 ? [{}] : known;
      for (const row of rows) {
        if (!leadsTo(route, row)) continue;
        const kind = `${route.path} ${KINDS.map((field) => String(row[field])).join(" ")}`;
        if (!route.isList && kinds.has(kind)) continue;
        kinds.add(kind);
        const ids = route.pathParameters.map((name) => [name, String(nameIn(row, name))]);
        const path = fill(route, Object.fromEntries(ids));
        const request = `${route.method} ${path}`;
        if (!answers.has(request)) asked.set(request, route);
      }
    }
    const bodies = await atOnce([...asked], ([request, route]) => ask(api, request, route));
    for (const [index, [request, route]] of [...asked].entries()) {
      const body = bodies[index] ?? {};
      const rows = route.isList ? Page.parse(body).results : [];
      known.push(...rows);
      const seen = route.isList ? rows.map((row) => shown(row)) : shown(body);
      answers.set(request, { request, namespace, body: seen });
    }
  }
  return [...answers.values()].toSorted((one, other) => (one.request < other.request ? -1 : 1));
}

function shown(body: Row): unknown {
  return Object.fromEntries(Object.entries(body).filter(([field]) => !LEFT_OUT.has(field)));
}

async function ask(api: Api, request: string, route: Route): Promise<Row> {
  const [method = "", path = ""] = request.split(" ");
  const body =
    route.isList && route.hasBody
      ? JSON.stringify({ ...FILTERS[route.path], limit: MOST_ROWS })
      : null;
  const type: Record<string, string> = body === null ? {} : { "Content-Type": "application/json" };
  const answer = await api.raw(method, path, body, type).expect(200);
  if (route.isList && Page.parse(answer.body).pagination.next_cursor !== null) {
    throw new Error(`${request} has more than one page`);
  }
  return answer.body;
}

/** Works on all items, some at once; answers the results in the items' order. */
async function atOnce<T, Result>(
  items: readonly T[],
  work: (item: T) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
