/** What programs of a machine get instead of the process's own. */
export type Replacements = {
  /** Whether the caller is a program of the machine. */
  readonly isInside: () => boolean;
  readonly now: () => number;
  readonly random: () => number;
  readonly fetch: (request: Request) => Promise<Response>;
  /** Calls back once after so many milliseconds; the result calls it off. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** Takes a line of the log. */
  readonly log: (line: string) => void;
  /** Runs what is computed in another thread. */
  readonly compute: <Result>(work: () => Promise<Result>) => Promise<Result>;
};

/** The functions of `crypto.subtle` that the worker and its libraries call. */
const SUBTLE = ["digest", "sign", "verify", "encrypt", "decrypt", "importKey"] as const;

type AnyFunction = (...given: unknown[]) => unknown;

/**
 * Replaces the globals that reach out of a program: for those of the machine everywhere, and the
 * time for everybody. One machine at a time; the result puts everything back.
 */
export function patchGlobals(to: Replacements): () => void {
  const restores: (() => void)[] = [];
  const replace = (owner: object, name: string, make: (own: AnyFunction) => unknown): void => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    const own: unknown = Reflect.get(owner, name);
    if (typeof own !== "function") throw new TypeError(`there is no ${name} to replace`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any function can be called so
    const value = make(own as AnyFunction);
    Object.defineProperty(owner, name, { configurable: true, writable: true, value });
    restores.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  };
  /** Programs of the machine get the one, everybody else the other. */
  const inside =
    (replacement: AnyFunction) =>
    (own: AnyFunction): AnyFunction =>
      function choose(this: unknown, ...given: unknown[]) {
        return to.isInside() ? replacement(...given) : own.apply(this, given);
      };

  replace(globalThis, "Date", (own) => virtualDate(own, to.now));
  replace(
    globalThis,
    "fetch",
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as `fetch` takes it
    inside((input, init) => to.fetch(new Request(input as string, init as RequestInit))),
  );
  replace(
    globalThis,
    "setTimeout",
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as `setTimeout` takes it
    inside((run, ms) => new Timer(to.after(Number(ms ?? 0), run as () => void))),
  );
  replace(
    globalThis,
    "clearTimeout",
    (own): AnyFunction =>
      (timer) =>
        timer instanceof Timer ? timer.stop() : own(timer),
  );
  replace(
    AbortSignal,
    "timeout",
    inside((ms) => {
      const controller = new AbortController();
      const reason = new DOMException("The operation was aborted due to timeout", "TimeoutError");
      to.after(Number(ms), () => controller.abort(reason));
      return controller.signal;
    }),
  );
  replace(Math, "random", inside(to.random));
  replace(
    crypto,
    "getRandomValues",
    inside((array) => fillAtRandom(array, to.random)),
  );
  replace(
    crypto,
    "randomUUID",
    inside(() => randomUuid(to.random)),
  );
  for (const level of ["info", "warn", "error"]) {
    replace(
      console,
      level,
      inside((line) => to.log(String(line))),
    );
  }
  for (const name of SUBTLE) {
    replace(
      crypto.subtle,
      name,
      (own): AnyFunction =>
        (...given) =>
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of `subtle` is asynchronous
          to.compute(() => own.apply(crypto.subtle, given) as Promise<unknown>),
    );
  }
  return () => {
    for (const restore of restores.toReversed()) restore();
  };
}

class Timer {
  readonly stop: () => void;

  constructor(stop: () => void) {
    this.stop = stop;
  }
}

function virtualDate(own: AnyFunction, now: () => number): unknown {
  return new Proxy(own, {
    construct: (target, given: unknown[], newTarget) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a constructor makes an object
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as object,
    get: (target, name, receiver): unknown =>
      name === "now" ? now : Reflect.get(target, name, receiver),
  });
}

function fillAtRandom(array: unknown, random: () => number): unknown {
  if (!ArrayBuffer.isView(array)) throw new TypeError("not an array of integers");
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = Math.floor(random() * 256);
  return array;
}

/** RFC 9562, version 4. */
function randomUuid(random: () => number): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
