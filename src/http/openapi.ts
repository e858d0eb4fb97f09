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

/** The paths under `/v1` that belong to no namespace. */
const OUTSIDE_NAMESPACES = /^\/v1\/(namespaces|keys)(\/|$)/;

/** An executor's reports carry their task's token and name no namespace. */
const isReport = (path: string, method: string) =>
  path === "/v1/tasks/{task_id}" && method === "patch";

/** May name its namespaces in the body instead. */
const TASK_LIST = "/v1/tasks/list";

const NAMESPACE_HEADER = {
  name: "X-Namespace",
  in: "header" as const,
  description: "The namespace of the request, by name or id.",
  schema: { type: "string" as const },
  example: "demo",
};

const REQUEST_ID_HEADER = {
  description: "Identifies this request in the log. Include it when you report a problem.",
  schema: { type: "string" as const, format: "uuid" },
  required: true,
};

const RETRY_AFTER_HEADER = {
  description: "Seconds to wait before retrying.",
  schema: { type: "integer" as const },
  required: true,
};

/**
 * The description of the API at `/openapi.json`: the routes' own definitions, and what all routes
 * of a kind share: the key, the namespace header, the errors of bodies, keys and stores, and the
 * request id.
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
        "A durable receipt for every long-running job. Every response carries `X-Request-Id`. " +
        "Errors are `application/problem+json` (RFC 9457) with a `code` from a closed list.",
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
        description: "The administrator's key, or an API key created by `POST /v1/keys`.",
      },
      token: {
        type: "http",
        scheme: "bearer",
        description: "The token of one attempt at a task, sent to the executor with the job.",
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
  /** Their tags, each with a description. */
  readonly tags: readonly (readonly [string, string])[];
};

const FIRST_TAGS = [
  ["Tasks", "The receipt of a job: poll it, list it, kill it, read its history."],
  ["Namespaces", "Tenants. Everything but keys belongs to exactly one namespace."],
  ["Keys", "API keys, for the administrator."],
] as const;

const LAST_TAGS = [
  [
    "Executors",
    "Types of task whose work is done elsewhere, their tasks, and the reports on them.",
  ],
  ["Schedules", "Recurring submissions."],
  ["Events", "What happened, as a live stream and in the log; and the catalogue of event types."],
  ["Webhooks", "Endpoints that receive events, and the deliveries to them."],
  ["Health", "Whether the deployment works. Needs no key."],
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

/** The errors that follow from what a route accepts. */
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

/** Adds codes to those of an operation; a status that already has some keeps them. */
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
