import { ok } from "../route.ts";
import type { Route } from "../route.ts";

/** https://upstash.com/docs/qstash/api-reference/signing-keys. */
export const keyRoutes: readonly Route[] = [
  { methods: ["GET"], path: /^\/v2\/keys$/, run: ({ broker }) => ok(broker.keys.view()) },
  {
    methods: ["POST"],
    path: /^\/v2\/keys\/rotate$/,
    run: ({ broker }) => ok(broker.keys.rotate()),
  },
];
