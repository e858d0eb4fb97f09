import type { OxlintOverride } from "oxlint";

/** A folder (or file) of `src/` and what of `src/` it may import besides itself. */
type Room = { readonly path: string; readonly mayImport: readonly string[] };

/**
 * The rooms of `src/`, from the top down. A room imports only from those it names, which stand below
 * it; `import type` counts. What no other room may import (`worker.ts`) stands in no list.
 */
export const ROOMS: readonly Room[] = [
  {
    path: "deps.ts",
    mayImport: [
      "catalog.ts",
      "subscribers.ts",
      "config.ts",
      "ids.ts",
      "engine",
      "stores",
      "ports",
      "contract",
    ],
  },
  { path: "catalog.ts", mayImport: ["content", "engine"] },
  { path: "subscribers.ts", mayImport: ["engine", "ports"] },
  {
    path: "http",
    mayImport: [
      "deps.ts",
      "content",
      "engine",
      "outbound",
      "crypto",
      "stores",
      "ports",
      "config.ts",
      "contract",
    ],
  },
  {
    path: "content",
    mayImport: ["http", "engine", "outbound", "crypto", "ports", "config.ts", "contract"],
  },
  {
    path: "engine",
    mayImport: ["catalog.ts", "content", "outbound", "crypto", "ports", "config.ts", "contract"],
  },
  { path: "stores", mayImport: ["config.ts", "ports", "contract"] },
  { path: "outbound", mayImport: ["ports", "contract"] },
  { path: "crypto", mayImport: [] },
  { path: "config.ts", mayImport: ["outbound", "crypto"] },
  { path: "ports", mayImport: ["ids.ts", "contract"] },
  { path: "ids.ts", mayImport: ["contract"] },
  { path: "contract", mayImport: [] },
];

/** The files that touch the runtime: the Durable Objects. */
const RUNTIME = ["src/stores/mongo/pool-object.ts", "src/stores/watch/watch-hub.ts"];

/** One `no-restricted-imports` for each room; `outside` are patterns that nothing in `src/` may import. */
export function roomRules(outside: readonly string[]): OxlintOverride[] {
  return ROOMS.flatMap(({ path, mayImport }) => {
    const others = [...ROOMS.map((room) => room.path), "worker.ts"].filter(
      (other) => other !== path && !mayImport.includes(other),
    );
    const rule = (runtime: readonly string[]): NonNullable<OxlintOverride["rules"]> => ({
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: [...outside, ...runtime],
              message: "src/ knows nothing of tests, stand-ins and Node.",
            },
            ...others.map((other) => ({
              regex: pattern(other),
              message: `${path} stands below ${other}, or beside it: imports run down (scripts/rooms.ts).`,
            })),
          ],
        },
      ],
    });
    const files = path.endsWith(".ts") ? [`src/${path}`] : [`src/${path}/**`];
    const room = { files, rules: rule(["cloudflare:*"]) };
    const runtime = RUNTIME.filter((file) => file.startsWith(`src/${path}/`));
    return runtime.length === 0 ? [room] : [room, { files: runtime, rules: rule([]) }];
  });
}

/** A relative import that leads into a room. */
function pattern(room: string): string {
  const name = room.replace(".", "\\.");
  return room.endsWith(".ts") ? `^(\\.\\./)+${name}$` : `^(\\.\\./)+${name}/`;
}
