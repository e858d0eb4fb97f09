import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

/** Serves a page with the built client, and passes `/v1` on to the service: one origin, no CORS. */
export type SameOrigin = { readonly url: string; close(): Promise<void> };

const FILES: Readonly<Record<string, { readonly url: URL; readonly type: string } | string>> = {
  "/": "<!doctype html><title>Waybill</title>",
  "/waybill.js": {
    url: new URL("../../client/dist/index.js", import.meta.url),
    type: "text/javascript",
  },
  "/scenario.js": { url: new URL("client-scenario.mjs", import.meta.url), type: "text/javascript" },
};

export async function startSameOrigin(serviceUrl: () => string): Promise<SameOrigin> {
  const server = createServer((request, response) => {
    const answer = async () => {
      const path = request.url ?? "/";
      const file = FILES[path];
      if (typeof file === "string") {
        return response.writeHead(200, { "Content-Type": "text/html" }).end(file);
      }
      if (file !== undefined) {
        return response.writeHead(200, { "Content-Type": file.type }).end(await readFile(file.url));
      }
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const {
        host: _host,
        connection: _connection,
        "content-length": _,
        ...headers
      } = request.headers;
      const passed = Object.entries(headers).filter(
        (pair): pair is [string, string] => typeof pair[1] === "string",
      );
      const got = await fetch(serviceUrl() + path, {
        method: request.method ?? "GET",
        headers: passed,
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      });
      const text = got.status === 304 || got.status === 204 ? null : await got.text();
      const {
        "content-encoding": _encoding,
        "transfer-encoding": _transfer,
        ...back
      } = Object.fromEntries(got.headers);
      delete back["content-length"];
      return response.writeHead(got.status, back).end(text ?? undefined);
    };
    answer().catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
