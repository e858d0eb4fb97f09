import { createServer } from "node:net";
import { readDevFile } from "./dev-file.ts";

/** Says to a person what is wrong, in one line; anything else is a bug and shows its stack. */
export class DevError extends Error {}

const DEFAULT_PORT = 8787;

/** How long a server that is there may take to say so. */
const ALIVE_TIMEOUT_MS = 2_000;

/** The port that the environment's PORT names. Throws {@link DevError} when it names none. */
export function portOf(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new DevError(`PORT has to be a number from 1 to 65535, not "${text}"`);
}

/**
 * Throws {@link DevError} when the stack that the file tells of still runs: a second one would put
 * its own keys in their place. A file that a dead one left behind is no obstacle.
 */
export async function refuseSecond(devFile: string): Promise<void> {
  const other = await readDevFile(devFile);
  if (other === null || !isAlive(other.pid) || !(await answers(other.api_url))) return;
  throw new DevError(
    `it already runs: ${other.api_url}, process ${other.pid}; stop it with: kill ${other.pid}`,
  );
}

/** Throws {@link DevError} unless the port of the loopback address is free. */
export function refuseUsedPort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "is in use" : `can't be used (${error.message})`;
      reject(
        new DevError(`port ${port} ${why}; choose another, for example: PORT=8788 npm run dev`),
      );
    });
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: there is one, of another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The number of a dead process may be another's by now; that one has no API at this address. */
async function answers(apiUrl: string): Promise<boolean> {
  const signal = AbortSignal.timeout(ALIVE_TIMEOUT_MS);
  const response = await fetch(`${apiUrl}/healthz`, { signal }).catch(() => null);
  return response?.ok ?? false;
}
