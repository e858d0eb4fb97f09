import type { OxlintOverride } from "oxlint";

/** A folder (or file), and which of those beside it it may import besides itself. */
type Room = {
  readonly path: string;
  readonly mayImport: readonly string[];
  /** The rooms inside, where the folder has an order of its own. */
  readonly rooms?: readonly Room[];
};

/** The files of a folder that stand in none of its rooms: the ground floor, which every room may import. */
const GROUND = "*.ts";

/** The rooms of the engine, from the top down. */
export const ENGINE_ROOMS: readonly Room[] = [
  { path: "event-handlers.ts", mayImport: ["webhooks", "events", "tasks"] },
  {
    path: "duties",
    mayImport: ["schedules", "runner", "executors", "webhooks", "events", "tasks", "jobs"],
  },
  { path: "schedules", mayImport: ["submissions", "tasks"] },
  { path: "submissions", mayImport: ["executors", "tasks"] },
  { path: "history", mayImport: ["webhooks"] },
  { path: "runner", mayImport: ["executors", "webhooks", "tasks", "jobs"] },
  { path: "executors", mayImport: ["webhooks", "tasks", "jobs"] },
  { path: "webhooks", mayImport: ["events", "tasks"] },
  { path: "events", mayImport: ["tasks"] },
  { path: "tasks", mayImport: ["tenants", "jobs"] },
  { path: "tenants", mayImport: [] },
  // Below the context, which holds the registry.
  { path: "jobs", mayImport: [] },
  { path: GROUND, mayImport: ["jobs"] },
];

/** The door: what a worker is built of and with. */
const DOOR = ["index.ts", "create-waybill.ts", "app.ts", "registry.ts", "services.ts"] as const;

/** What whoever stands above the engine may import of what is below. */
const FLOOR = ["engine", "ports", "config.ts", "contract"] as const;

/**
 * The rooms of `src/`, from the top down. A room imports only from those it names, which stand below
 * it; `import type` counts. What no other room may import (`worker.ts`) stands in no list.
 */
export const ROOMS: readonly Room[] = [
  { path: "content", mayImport: [...DOOR, "http", "outbound", "crypto", "database", ...FLOOR] },
  { path: "index.ts", mayImport: [...DOOR, "stores", ...FLOOR] },
  {
    path: "create-waybill.ts",
    mayImport: ["app.ts", "registry.ts", "services.ts", "http", "stores", ...FLOOR],
  },
  { path: "services.ts", mayImport: ["registry.ts", "stores", "ids.ts", ...FLOOR] },
  { path: "registry.ts", mayImport: ["app.ts", ...FLOOR] },
  { path: "app.ts", mayImport: ["http", ...FLOOR] },
  { path: "http", mayImport: ["outbound", "crypto", ...FLOOR] },
  {
    path: "engine",
    mayImport: ["outbound", "crypto", "ports", "config.ts", "contract"],
    rooms: ENGINE_ROOMS,
  },
  { path: "stores", mayImport: ["config.ts", "database", "ports", "contract"] },
  { path: "database", mayImport: ["ports", "contract"] },
  { path: "outbound", mayImport: ["ports", "contract"] },
  { path: "crypto", mayImport: [] },
  { path: "config.ts", mayImport: ["outbound", "crypto"] },
  { path: "ports", mayImport: ["ids.ts", "contract"] },
  { path: "ids.ts", mayImport: ["contract"] },
  { path: "contract", mayImport: [] },
];

/** The files that touch the runtime: the Durable Objects. */
const RUNTIME = ["src/stores/mongo/pool-object.ts", "src/stores/watch/watch-hub.ts"];

/** How many folders deep a room is at the most. */
const MAX_DEPTH = 4;

/** One `no-restricted-imports` for each room; `outside` are patterns that nothing in `src/` may import. */
export function roomRules(outside: readonly string[]): OxlintOverride[] {
  const rules: OxlintOverride[] = [];
  for (const room of ROOMS) {
    const above = forbiddenBeside(room, [...ROOMS, { path: "worker.ts", mayImport: [] }], "");
    rules.push(...overridesFor(room.path, above, outside));
    const { path, rooms = [] } = room;
    // The ground floor first: a later rule, for one file of it, takes its place.
    const isGround = (one: Room) => Number(one.path === GROUND);
    for (const one of rooms.toSorted((a, b) => isGround(b) - isGround(a))) {
      const forbidden = [...above, ...forbiddenBeside(one, rooms, `${path}/`)];
      rules.push(...overridesFor(`${path}/${one.path}`, forbidden, outside));
    }
  }
  return rules;
}

/** The paths below `src/` of the rooms beside one that it may not import. */
function forbiddenBeside(room: Room, all: readonly Room[], prefix: string): readonly string[] {
  return all
    .map(({ path }) => path)
    .filter((path) => path !== room.path && path !== GROUND && !room.mayImport.includes(path))
    .map((path) => prefix + path);
}

/**
 * A rule for each depth at which a room's files stand, since a relative import says by its dots
 * which folder it means: a folder of the same name elsewhere is another one.
 */
function overridesFor(
  room: string,
  forbidden: readonly string[],
  outside: readonly string[],
): OxlintOverride[] {
  const isFile = room.endsWith(".ts");
  const folder = isFile ? room.split("/").slice(0, -1) : room.split("/");
  const depths = isFile ? [0] : Array.from({ length: MAX_DEPTH }, (_, depth) => depth);
  const overrideFor = (files: readonly string[], depth: number, runtime: readonly string[]) => ({
    files: [...files],
    rules: {
      "no-restricted-imports": [
        "error" as const,
        {
          patterns: [
            {
              group: [...outside, ...runtime],
              message: "src/ knows nothing of tests, stand-ins and Node.",
            },
            ...forbidden.map((other) => ({
              regex: pattern([...folder, ...Array.from({ length: depth }, () => "")], other),
              message: `${room} stands below ${other}, or beside it: imports run down (scripts/rooms.ts).`,
            })),
          ],
        },
      ],
    } satisfies OxlintOverride["rules"],
  });
  const overrides: OxlintOverride[] = [];
  for (const depth of depths) {
    const files = isFile ? `src/${room}` : `src/${room}/${"*/".repeat(depth)}*.ts`;
    const runtime = RUNTIME.filter(
      (file) =>
        file.startsWith(`src/${room}/`) &&
        file.split("/").length === room.split("/").length + depth + 2,
    );
    overrides.push(overrideFor([files], depth, ["cloudflare:*"]));
    if (runtime.length > 0) overrides.push(overrideFor(runtime, depth, []));
  }
  return overrides;
}

/** The relative imports by which a file in a folder reaches a room; `""` is a folder of any name. */
function pattern(folder: readonly string[], room: string): string {
  const target = room.split("/");
  const common = folder.findIndex((name, index) => name !== target[index]);
  const shared = common === -1 ? folder.length : common;
  // The shortest way, and those that go farther up than they must.
  const ways = Array.from({ length: shared + 1 }, (_, kept) => {
    const up = folder.length - kept;
    return (up === 0 ? "./" : "../".repeat(up)) + target.slice(kept).join("/");
  });
  const end = room.endsWith(".ts") ? "$" : "/";
  return `^(${ways.map((way) => way.replaceAll(".", "\\.")).join("|")})${end}`;
}
