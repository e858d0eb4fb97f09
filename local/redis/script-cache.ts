import { sha1Hex } from "./lua/interpreter.ts";
import type { CompiledScript, LuaInterpreter } from "./lua/interpreter.ts";
import { RedisError } from "./reply.ts";
import type { ByteString, Reply } from "./reply.ts";

type CachedScript = {
  readonly source: ByteString;
  readonly sha1: string;
  readonly compiled: CompiledScript;
  /** By SCRIPT LOAD: such a script stays until SCRIPT FLUSH. */
  isLoaded: boolean;
};

/**
 * How many scripts that came by EVAL are kept; the one unused for longest goes first.
 * @see https://redis.io/docs/latest/develop/programmability/eval-intro/#script-cache (since 7.4)
 */
const MAX_EVAL_SCRIPTS = 500;

/** Compiled scripts by SHA-1 and by text (EVAL of a known text costs no hashing). */
export class ScriptCache {
  readonly #interpreter: LuaInterpreter;
  readonly #bySha1 = new Map<string, CachedScript>();
  /** In order of last use, oldest first. */
  readonly #bySource = new Map<ByteString, CachedScript>();

  constructor(interpreter: LuaInterpreter) {
    this.#interpreter = interpreter;
  }

  /** @see https://redis.io/docs/latest/commands/eval/ */
  eval(source: ByteString, keys: readonly ByteString[], args: readonly ByteString[]): Reply {
    return this.#run(this.#getOrCompile(source), keys, args);
  }

  /** @see https://redis.io/docs/latest/commands/evalsha/ */
  evalSha1(sha1: ByteString, keys: readonly ByteString[], args: readonly ByteString[]): Reply {
    const script = this.#bySha1.get(sha1.toLowerCase());
    if (script === undefined) {
      throw new RedisError("NOSCRIPT No matching script. Please use EVAL.");
    }
    return this.#run(script, keys, args);
  }

  /** @see https://redis.io/docs/latest/commands/script-load/ */
  load(source: ByteString): string {
    const script = this.#getOrCompile(source);
    script.isLoaded = true;
    return script.sha1;
  }

  has(sha1: ByteString): boolean {
    return this.#bySha1.has(sha1.toLowerCase());
  }

  flush(): void {
    for (const script of this.#bySha1.values()) this.#interpreter.release(script.compiled);
    this.#bySha1.clear();
    this.#bySource.clear();
  }

  #run(script: CachedScript, keys: readonly ByteString[], args: readonly ByteString[]): Reply {
    return this.#interpreter.run(script.compiled, script.sha1, keys, args);
  }

  #getOrCompile(source: ByteString): CachedScript {
    const known = this.#bySource.get(source);
    if (known !== undefined) {
      this.#bySource.delete(source);
      this.#bySource.set(source, known);
      return known;
    }
    const compiled = this.#interpreter.compile(source);
    const script = { source, sha1: sha1Hex(source), compiled, isLoaded: false };
    this.#bySha1.set(script.sha1, script);
    this.#bySource.set(source, script);
    if (this.#bySource.size > MAX_EVAL_SCRIPTS) this.#evictOldest();
    return script;
  }

  #evictOldest(): void {
    for (const script of this.#bySource.values()) {
      if (script.isLoaded) continue;
      this.#bySource.delete(script.source);
      this.#bySha1.delete(script.sha1);
      this.#interpreter.release(script.compiled);
      return;
    }
  }
}
