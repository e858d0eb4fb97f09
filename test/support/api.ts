import { z } from "zod";

/** An answer of the API, its body parsed as JSON where it is JSON. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly text: string;
};

/** A request under way; `expect` fails with the whole answer when the status is another. */
export type Call = Promise<Answer> & { expect(status: number): Promise<Answer> };

export type Api = {
  get(path: string, headers?: Record<string, string>): Call;
  post(path: string, body?: unknown, headers?: Record<string, string>): Call;
  put(path: string, body: unknown): Call;
  patch(path: string, body: unknown): Call;
  delete(path: string): Call;
  /** Sends a body as it is. */
  raw(
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer> | null,
    headers: Record<string, string>,
  ): Call;
  /** The same caller in another namespace or with another key. */
  as(change: { namespace?: string; key?: string }): Api;
};

/** What brings a request to the API. */
export type Transport = (url: string, init: RequestInit) => Promise<Response>;

/** A caller of the API, over HTTP unless `transport` brings its requests there. */
export function createApi(
  url: () => string,
  key: string,
  namespace?: string,
  transport: Transport = fetch,
): Api {
  function raw(
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer> | null,
    headers: Record<string, string>,
  ): Call {
    const answer = send(transport, `${url()}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(namespace !== undefined && { "X-Namespace": namespace }),
        ...headers,
      },
      ...(body !== null && { body }),
      redirect: "manual",
    });
    return Object.assign(answer, {
      expect: async (status: number) => {
        const got = await answer;
        if (got.status !== status) {
          throw new Error(`${method} ${path}: expected ${status}, got ${got.status}: ${got.text}`);
        }
        return got;
      },
    });
  }
  const withJson = (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ) =>
    raw(method, path, body === undefined ? null : JSON.stringify(body), {
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...headers,
    });
  return {
    get: (path, headers = {}) => raw("GET", path, null, headers),
    post: (path, body, headers) => withJson("POST", path, body, headers),
    put: (path, body) => withJson("PUT", path, body),
    patch: (path, body) => withJson("PATCH", path, body),
    delete: (path) => raw("DELETE", path, null, {}),
    raw,
    as: (change) => createApi(url, change.key ?? key, change.namespace ?? namespace, transport),
  };
}

async function send(transport: Transport, url: string, init: RequestInit): Promise<Answer> {
  const response = await transport(url, init);
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "") && text !== "";
  const body = isJson ? z.record(z.string(), z.unknown()).parse(JSON.parse(text)) : {};
  return { status: response.status, headers: response.headers, body, text };
}
