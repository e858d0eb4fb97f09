import { invalid } from "../errors.ts";
import { OK, isRecord, ok, parseJson } from "../route.ts";
import type { Route } from "../route.ts";
import { showUrlGroup } from "../url-groups.ts";
import type { Endpoint, EndpointReference } from "../url-groups.ts";

/** https://upstash.com/docs/qstash/api-reference/url-groups. */
export const urlGroupRoutes: readonly Route[] = [
  {
    methods: ["GET"],
    path: /^\/v2\/topics$/,
    run: ({ broker }) => ok(broker.groups.list().map(showUrlGroup)),
  },
  {
    methods: ["GET"],
    path: /^\/v2\/topics\/([^/]+)$/,
    run: ({ broker }, [name = ""]) => ok(showUrlGroup(broker.groups.get(name))),
  },
  {
    methods: ["DELETE"],
    path: /^\/v2\/topics\/([^/]+)$/,
    run: ({ broker }, [name = ""]) => {
      broker.groups.remove(name);
      return OK;
    },
  },
  {
    methods: ["PATCH"],
    path: /^\/v2\/topics\/([^/]+)$/,
    run: ({ broker, body }, [name = ""]) => {
      broker.groups.setHeaders(name, parseHeaders(body));
      return OK;
    },
  },
  {
    methods: ["POST"],
    path: /^\/v2\/topics\/([^/]+)\/endpoints$/,
    run: ({ broker, body }, [name = ""]) => {
      broker.groups.addEndpoints(name, parseEndpoints(body).map(withUrl));
      return OK;
    },
  },
  {
    methods: ["DELETE"],
    path: /^\/v2\/topics\/([^/]+)\/endpoints$/,
    run: ({ broker, body }, [name = ""]) => {
      broker.groups.removeEndpoints(name, parseEndpoints(body));
      return OK;
    },
  },
];

function parseEndpoints(body: Buffer): EndpointReference[] {
  const json = parseJson(body);
  if (!isRecord(json) || !Array.isArray(json["endpoints"])) throw invalid("endpoints are missing");
  return json["endpoints"].map(parseEndpoint);
}

function parseEndpoint(json: unknown): EndpointReference {
  const { name, url } = isRecord(json) ? json : {};
  if (typeof name !== "string" && typeof url !== "string") {
    throw invalid("an endpoint needs a url or a name");
  }
  return {
    name: typeof name === "string" ? name : undefined,
    url: typeof url === "string" ? url : undefined,
  };
}

function withUrl({ name, url }: EndpointReference): Endpoint {
  if (url === undefined) throw invalid("an endpoint to add needs a url");
  return { url, name };
}

/** `{"headers": {"Upstash-Retries": "3"}}`, values alone or in arrays: .../howto/webhook. */
function parseHeaders(body: Buffer): Map<string, string> {
  const json = parseJson(body);
  if (!isRecord(json) || !isRecord(json["headers"])) throw invalid("headers are missing");
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(json["headers"])) {
    const text: unknown = Array.isArray(value) ? value.join(", ") : value;
    if (typeof text !== "string") throw invalid(`header ${name} is not a string`);
    headers.set(name.toLowerCase(), text);
  }
  return headers;
}
