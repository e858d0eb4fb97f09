import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { z } from "zod";
import type { Answer } from "./api.ts";

const Response = z.looseObject({
  headers: z.record(z.string(), z.looseObject({})).optional(),
  content: z.record(z.string(), z.looseObject({})).optional(),
});

const Parameter = z.looseObject({ name: z.string(), in: z.string(), required: z.boolean() });

const Operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  description: z.string(),
  tags: z.array(z.string()).min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z.array(Parameter).default([]),
  requestBody: z.looseObject({ required: z.boolean() }).optional(),
  responses: z.record(z.string(), Response),
});

export type Operation = z.infer<typeof Operation>;

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** One operation of the API's description, and where it is. */
export type DescribedOperation = {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
};

/** The API's description, as something to hold real answers against. */
export type Description = {
  readonly operations: readonly DescribedOperation[];
  /** The operation of a real request; undefined when it is not described. */
  find(method: string, path: string): DescribedOperation | undefined;
  /** What of a real answer is not as described; empty when all is. */
  faultsOf(described: DescribedOperation, answer: Answer): readonly string[];
  /** What is at a place of the document. */
  at(pointer: readonly string[]): unknown;
  /** What of a value is not as a schema of the document (a JSON pointer) has it. */
  schemaFaults(pointer: readonly string[], value: unknown): readonly string[];
};

/** Reads a description. */
export function readDescription(document: Record<string, unknown>): Description {
  const paths = z.record(z.string(), z.record(z.string(), z.unknown())).parse(document["paths"]);
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) =>
      item[method] === undefined
        ? []
        : [{ method, path, operation: Operation.parse(item[method]) }],
    ),
  );
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, "api");

  function schemaFaults(pointer: readonly string[], value: unknown): readonly string[] {
    const fragment = pointer
      .map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    const validate = ajv.compile({ $ref: `api#/${fragment}` });
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
  }

  return {
    operations,
    schemaFaults,
    at: (pointer) =>
      pointer.reduce<unknown>(
        (node, step) => z.record(z.string(), z.unknown()).parse(node)[step],
        document,
      ),
    find: (method, path) =>
      operations
        .filter((one) => one.method === method.toLowerCase() && matches(one.path, path))
        // A literal step wins over a parameter: /tasks/list is not a task.
        .toSorted((one, other) => one.path.split("{").length - other.path.split("{").length)[0],
    faultsOf: ({ method, path, operation }, answer) => {
      const status = String(answer.status);
      const response = operation.responses[status];
      if (response === undefined) return [`status ${status} is not described`];
      const missing = Object.entries(response.headers ?? {})
        .filter(([name, header]) => header["required"] === true && !answer.headers.has(name))
        .map(([name]) => `the header ${name} is missing`);
      const type = answer.headers.get("Content-Type")?.split(";")[0] ?? "";
      if (response.content === undefined) {
        return answer.text === "" ? missing : [...missing, "a body came where none is described"];
      }
      if (!(type in response.content)) return [...missing, `the type ${type} is not described`];
      const pointer = ["paths", path, method, "responses", status, "content", type, "schema"];
      const isProblem = type === "application/problem+json";
      const codes = Object.keys(
        z.looseObject({}).parse(response.content[type]?.["examples"] ?? {}),
      );
      return [
        ...missing,
        ...schemaFaults(pointer, answer.body),
        ...(isProblem && !codes.includes(String(answer.body["code"]))
          ? [`the code ${String(answer.body["code"])} is not described`]
          : []),
      ];
    },
  };
}

function matches(template: string, path: string): boolean {
  const expected = template.split("/");
  const steps = (path.split("?")[0] ?? "").split("/");
  return (
    expected.length === steps.length &&
    expected.every((step, index) => step.startsWith("{") || step === steps[index])
  );
}
