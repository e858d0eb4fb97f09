import { Receiver } from "@upstash/qstash";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import type { AppEnv } from "../app-env.ts";
import { readBody } from "../body.ts";
import { DomainError } from "../../engine/errors.ts";

/** Allows for clock skew; QStash's own tokens live for 300 s. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** The only algorithm that QStash signs with; the client accepts others too. */
const ALGORITHM = "HS256";

/**
 * Lets only QStash call the functions behind it: the signature must cover this body and this URL
 * under the deployment's public address, be currently valid, and be made with the current or the
 * next key (https://upstash.com/docs/qstash/howto/signature). Anything else is `unauthenticated`
 * and nothing is done.
 */
export const verifySignature = createMiddleware<AppEnv>(async (c, next) => {
  const { config } = c.var.services;
  const signature = c.req.header("Upstash-Signature");
  if (signature === undefined || !hasExpectedForm(signature)) throw refused();
  const body = new TextDecoder().decode(await readBody(c.req.raw));
  const receiver = new Receiver({
    currentSigningKey: config.qstash.currentSigningKey,
    nextSigningKey: config.qstash.nextSigningKey,
    // Otherwise, QSTASH_DEV in the environment would make it accept a public development key.
    devMode: false,
  });
  const isValid = await receiver
    .verify({
      signature,
      body,
      // Not request.url: a proxy may use another host, and a forger may choose one.
      url: `${config.publicUrl}${new URL(c.req.url).pathname}`,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    })
    .catch(() => false);
  if (!isValid) throw refused();
  c.set("message", body);
  await next();
});

function refused(): DomainError {
  return new DomainError("unauthenticated", "Only the queue may call this, with its signature.");
}

const ExpectedHeader = z.object({ alg: z.literal(ALGORITHM) });
const ExpectedPayload = z.object({ exp: z.number() });

/** Whether the token says HS256 and when it expires; the client takes other algorithms, and none. */
function hasExpectedForm(token: string): boolean {
  const [header, payload] = token.split(".").map((part) => decodePart(part));
  return ExpectedHeader.safeParse(header).success && ExpectedPayload.safeParse(payload).success;
}

function decodePart(part: string): unknown {
  try {
    return JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    return null;
  }
}
