import type { Route } from "../route.ts";
import { deadLetterRoutes } from "./dead-letters.ts";
import { flowControlRoutes } from "./flow-control.ts";
import { keyRoutes } from "./keys.ts";
import { logRoutes } from "./logs.ts";
import { messageRoutes } from "./messages.ts";
import { publishingRoutes } from "./publishing.ts";
import { queueRoutes } from "./queues.ts";
import { scheduleRoutes } from "./schedules.ts";
import { urlGroupRoutes } from "./url-groups.ts";

/** Looked through in this order, so what is asked for most stands first. */
export const ROUTES: readonly Route[] = [
  ...publishingRoutes,
  ...messageRoutes,
  ...deadLetterRoutes,
  ...scheduleRoutes,
  ...urlGroupRoutes,
  ...queueRoutes,
  ...flowControlRoutes,
  ...logRoutes,
  ...keyRoutes,
];
