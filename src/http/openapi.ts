import { OpenApiGeneratorV31 } from "@asteasolutions/zod-to-openapi";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { ErrorCode } from "../contract/problem.ts";
import type { AppEnv } from "./app-env.ts";
import { eventWebhooks } from "./routes/event-webhooks.ts";
import { type Components, namedSchemas } from "./components.ts";
import type { SubmissionSchemas } from "./submission-schemas.ts";
import { mendNullableRefs } from "./nullable-refs.ts";
import { codesOf, exampleProblem, problems } from "./problem-responses.ts";

type App = OpenAPIHono<AppEnv>;
type Document = ReturnType<OpenApiGeneratorV31["generateDocument"]>;
type PathItem = NonNullable<Document["paths"]>[string];
type Operation = NonNullable<PathItem["get"]>;

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** What is under `/v1` and in no namespace. */
const OUTSIDE_NAMESPACES = /^\/v1\/(namespaces|keys)(\/|$)/;

/** An executor's reports bear their task's own token, and name no namespace. */
const isReport = (path: string, method: string) =>
  path === "/v1/tasks/{task_id}" && method === "patch";

/** May name its namespaces in the body instead. */
const TASK_LIST = "/v1/tasks/list";

const NAMESPACE_HEADER = {
  name: "X-Namespace",
  in: "header" as const,
  description: "The namespace that the request works in: its name or its id.",
  schema: { type: "string" as const },
  example: "demo",
};

const REQUEST_ID_HEADER = {
  description: "Names this request in the log; say it when you report something.",
  schema: { type: "string" as const, format: "uuid" },
  required: true,
};

const RETRY_AFTER_HEADER = {
  description: "Seconds to wait before the next try.",
  schema: { type: "integer" as const },
  required: true,
};

/**
 * The description of the API at `/openapi.json`: the routes' own definitions, and what all routes
 * of a kind share and none repeats: the key, the namespace's header, the errors of bodies, keys
 * and stores, the request's id.
 */
export function openApiDocument(
  app: App,
  schemas: SubmissionSchemas,
  ofApps: AppDescription,
): Document {
  const definitions = [
    ...namedSchemas(schemas, ofApps.components),
    ...app.openAPIRegistry.definitions,
    ...eventWebhooks(),
  ];
  const document = new OpenApiGeneratorV31(definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "Waybill",
      version: "1",
      description:
        "A durable receipt for every long-running job. Every answer carries `X-Request-Id`. " +
        "Errors are `application/problem+json` (RFC 9457) with a `code` of a closed list.",
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
    },
    servers: [{ url: "/" }],
    tags: [...FIRST_TAGS, ...ofApps.tags, ...LAST_TAGS].map(([name, description]) => ({
      name,
      description,
    })),
  });
  mendNullableRefs(document);
  document.components = {
    ...document.components,
    securitySchemes: {
      key: {
        type: "http",
        scheme: "bearer",
        description: "The administrator's key, or an API key of `POST /v1/keys`.",
      },
      token: {
        type: "http",
        scheme: "bearer",
        description: "The token of one attempt at a task, which came with the job.",
      },
    },
    examples: Object.fromEntries(
      ErrorCode.options.map((code) => [code, { value: exampleProblem(code) }]),
    ),
    headers: { "X-Request-Id": REQUEST_ID_HEADER, "Retry-After": RETRY_AFTER_HEADER },
  };
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation !== undefined) complete(path, method, operation);
    }
  }
  return document;
}

/** What apps add to the description of the API. */
export type AppDescription = {
  readonly components: Components;
  /** The names of their tags, each with what it is about. */
  readonly tags: readonly (readonly [string, string])[];
};

const FIRST_TAGS = [
  ["Tasks", "The receipt of a job: poll it, list it, kill it, read its history."],
  ["Namespaces", "Tenants. Everything else but keys is in exactly one."],
  ["Keys", "API keys, for the administrator."],
] as const;

const LAST_TAGS = [
  [
    "Executors",
    "Types of task whose work is done elsewhere, their tasks, and the reports on them.",
  ],
  ["Schedules", "Recurring submissions."],
  ["Events", "What happened: as it happens, in the log, and the catalogue of what may."],
  ["Webhooks", "Endpoints that events are sent to, and what was sent."],
  ["Health", "Whether the deployment works; without a key."],
] as const;

function complete(path: string, method: string, operation: Operation): void {
  if (path.startsWith("/v1/")) {
    const isNamespaced = !OUTSIDE_NAMESPACES.test(path) && !isReport(path, method);
    operation.security = isReport(path, method) ? [{ token: [] }] : [{ key: [] }];
    if (isNamespaced) {
      const header = { ...NAMESPACE_HEADER, required: path !== TASK_LIST };
      operation.parameters = [header, ...(operation.parameters ?? [])];
    }
    addProblems(operation, commonCodes(path, operation, isNamespaced));
  }
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    response.headers = {
      ...response.headers,
      "X-Request-Id": { $ref: "#/components/headers/X-Request-Id" },
      ...(codesOf(response).includes("store_unavailable") &&
        status === "503" && { "Retry-After": { $ref: "#/components/headers/Retry-After" } }),
    };
  }
}

/** The errors that a route has by what it takes, whatever it does. */
function commonCodes(
  path: string,
  operation: Operation,
  isNamespaced: boolean,
): readonly ErrorCode[] {
  const hasBody = operation.requestBody !== undefined;
  const hasQuery = operation.parameters?.some((one) => "in" in one && one.in === "query") ?? false;
  return [
    ...(hasBody || hasQuery ? (["invalid_request"] as const) : []),
    ...(hasBody ? BODY_CODES : []),
    ...(path.endsWith("/list") ? (["invalid_cursor"] as const) : []),
    ...(isNamespaced ? (["namespace_required", "not_found"] as const) : []),
    "unauthenticated",
    "store_unavailable",
    "internal_error",
  ];
}

const BODY_CODES = ["malformed_json", "unsupported_media_type", "payload_too_large"] as const;

/** Adds codes to an operation's own; a status that has some already gets the others too. */
function addProblems(operation: Operation, common: readonly ErrorCode[]): void {
  const own = Object.values(operation.responses ?? {}).flatMap((response) => codesOf(response));
  const codes = new Set<string>([...own, ...common]);
  const all = ErrorCode.options.filter((code) => codes.has(code));
  const described = Object.entries(problems(...all)).map(([status, { description, content }]) => {
    const { examples } = content["application/problem+json"];
    const schema = { $ref: "#/components/schemas/Problem" };
    return [
      status,
      { description, content: { "application/problem+json": { schema, examples } } },
    ] as const;
  });
  operation.responses = { ...operation.responses, ...Object.fromEntries(described) };
}
