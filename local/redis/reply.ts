/**
 * What a Redis command takes and answers inside the stand-in.
 *
 * Redis strings are bytes, not text. They are kept as JavaScript strings with one character
 * (U+0000 to U+00FF) per byte: V8 stores such a string in one byte per character, `Map` and `Set`
 * work on it, and `<` on it is Redis's memcmp order, which a Buffer gives none of.
 */
export type ByteString = string;

/** A command after the wire. */
export type Command = {
  /** In upper case. */
  readonly name: string;
  /** The name as it was sent, which Redis repeats when it doesn't know it. */
  readonly sentName: ByteString;
  readonly args: readonly ByteString[];
};

export function commandOf([sentName = "", ...args]: readonly ByteString[]): Command {
  return { name: sentName.toUpperCase(), sentName, args };
}

/** A RESP simple string. Kept apart from bulk strings because Lua sees it as `{ok=...}`. */
export class StatusReply {
  readonly text: ByteString;

  constructor(text: ByteString) {
    this.text = text;
  }
}

/** A RESP error: thrown by command handlers, and a value in replies of EXEC and of scripts. */
export class RedisError extends Error {
  override readonly name = "RedisError";
}

/** Integers are bigint only where a number would lose digits (RESP integers have 64 bits). */
export type Reply =
  | null
  | number
  | bigint
  | ByteString
  | StatusReply
  | RedisError
  | readonly Reply[];

export const OK = new StatusReply("OK");

/** What carries commands out: the memory engine, or the bridge to a real Redis. */
export type Backend = {
  /** Answers a command's own error as a value; rejects only when the backend itself is broken. */
  execute(command: Command): Reply | Promise<Reply>;
  /** Runs all commands with nothing in between, or none and answers one error (EXECABORT). */
  transaction(
    commands: readonly Command[],
  ): readonly Reply[] | RedisError | Promise<readonly Reply[] | RedisError>;
  /** Removes all keys; cached scripts stay, as with FLUSHALL. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

const NON_ASCII = /[^\0-\u007F]/;

/** Text as Redis stores it: the bytes of its UTF-8 form. */
export function bytesFromText(text: string): ByteString {
  return NON_ASCII.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}

/**
 * Bytes as JSON can carry them; invalid UTF-8 becomes U+FFFD.
 * @see https://upstash.com/docs/redis/features/restapi (Base64 Encoded Responses)
 */
export function textFromBytes(bytes: ByteString): string {
  return NON_ASCII.test(bytes) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes;
}
