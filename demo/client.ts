import type { z } from "zod";
import { DemoFailure, reasonOf } from "./failure.ts";

/** What a client needs to know of Waybill: a URL, a key, and the namespace to work in. */
export type Client = {
  get<Out extends z.ZodType>(path: string, schema: Out): Promise<Reply<z.infer<Out>>>;
  post<Out extends z.ZodType>(path: string, body: object, schema: Out): Promise<z.infer<Out>>;
  /** The same caller inside a namespace. */
  inNamespace(name: string): Client;
};

export type Reply<Body> = {
  readonly body: Body;
  /** `X-Waybill-Source`: where the answer is from. */
  readonly source: string | null;
};

/** Asks Waybill as any client would: HTTP and JSON. Any answer but a 2xx ends the demo. */
export function createClient(url: string, key: string, namespace?: string): Client {
  async function send(method: string, path: string, body?: string): Promise<Response> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(namespace !== undefined && { "X-Namespace": namespace }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body }),
    }).catch((error: unknown) => {
      throw new DemoFailure(`${method} ${path} got no answer: ${reasonOf(error)}`);
    });
    if (response.ok) return response;
    throw new DemoFailure(
      `${method} ${path} was answered ${response.status}: ${await response.text()}`,
    );
  }
  return {
    get: async (path, schema) => {
      const response = await send("GET", path);
      return {
        body: schema.parse(await response.json()),
        source: response.headers.get("X-Waybill-Source"),
      };
    },
    post: async (path, body, schema) => {
      const response = await send("POST", path, JSON.stringify(body));
      return schema.parse(await response.json());
    },
    inNamespace: (name) => createClient(url, key, name),
  };
}
