import { styleText } from "node:util";
import type { DevInfo } from "./dev-file.ts";

const bold = (text: string) => styleText("bold", text);

export type BannerOptions = {
  readonly info: DevInfo;
  readonly devFile: string;
  /** The host and port that a debugger is told. */
  readonly inspector: string;
  readonly isRedisReal: boolean;
  readonly isMongoReal: boolean;
};

/** What `npm run dev` says to a person once all is ready, with a first request to paste. */
export function banner(options: BannerOptions): string {
  const { info, devFile, inspector, isRedisReal, isMongoReal } = options;
  const redis = isRedisReal ? "in front of the Redis of REDIS_URL" : "stand-in, in memory";
  const mongo = isMongoReal ? "the one of MONGODB_URI" : "stand-in";
  const rows: readonly (readonly [string, string])[] = [
    ["API", info.api_url],
    ["administrator's key", info.admin_key],
    ["Redis", `${info.redis_url}  (${redis})`],
    ["  token", info.redis_token],
    ["QStash", `${info.qstash_url}  (stand-in, in memory)`],
    ["  token", info.qstash_token],
    ["  signing key", info.qstash_current_signing_key],
    ["  next signing key", info.qstash_next_signing_key],
    ["MongoDB", `${withoutPassword(info.mongodb_uri)}  (${mongo})`],
    ["inspector", `${inspector}  (chrome://inspect)`],
    ["process", String(info.pid)],
    ["all of this", devFile],
  ];
  return [
    "",
    bold("Waybill is ready."),
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(20)} ${value}`),
    "",
    bold("Try it:"),
    "",
    `  curl -sS ${info.api_url}/v1/namespaces \\`,
    `    -H 'Authorization: Bearer ${info.admin_key}' \\`,
    "    -H 'Content-Type: application/json' \\",
    `    -d '{ "name": "shop" }'`,
    "",
    "Stop with Ctrl-C; the data is kept (npm run dev -- --clean starts without).",
    "A change in src/ restarts the worker. Its log follows.",
    "",
  ].join("\n");
}

function withoutPassword(uri: string): string {
  return uri.replace(/^(\w+(?:\+\w+)?:\/\/[^:@/]+):[^@/]*@/, "$1:…@");
}
