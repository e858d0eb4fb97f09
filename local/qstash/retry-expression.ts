/**
 * Upstash-Retry-Delay: a small language of numbers, `retried`, `+ - * / %`, brackets and functions.
 *
 * From https://upstash.com/docs/qstash/features/retry#custom-retry-delay. It is parsed, never
 * evaluated as JavaScript: the header comes from outside.
 */
import { invalid } from "./errors.ts";

/** The delay in milliseconds before the retry number `retried` (0 for the first). */
export type RetryExpression = {
  readonly source: string;
  readonly evaluate: (retried: number) => number;
};

type Node = (retried: number) => number;

const FUNCTIONS: Readonly<Record<string, { arity: number; apply: (...a: number[]) => number }>> = {
  pow: { arity: 2, apply: Math.pow },
  min: { arity: 2, apply: Math.min },
  max: { arity: 2, apply: Math.max },
  sqrt: { arity: 1, apply: Math.sqrt },
  abs: { arity: 1, apply: Math.abs },
  exp: { arity: 1, apply: Math.exp },
  floor: { arity: 1, apply: Math.floor },
  ceil: { arity: 1, apply: Math.ceil },
  round: { arity: 1, apply: Math.round },
};

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

const TOKEN = /\s*(\d+(?:\.\d+)?|\.\d+|[a-z]+|[-+*/%(),])\s*/y;
/** A header longer than this, or nested deeper, is not a delay but an attack on the parser. */
const LONGEST_SOURCE = 500;

export function parseRetryExpression(source: string): RetryExpression {
  if (source.length > LONGEST_SOURCE) throw invalid("invalid Upstash-Retry-Delay: it is too long");
  const parser = new Parser(tokenize(source), source);
  return { source, evaluate: parser.parse() };
}

function tokenize(source: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match?.[1] === undefined) {
      throw invalid(`invalid Upstash-Retry-Delay: unexpected "${source.charAt(at)}"`);
    }
    tokens.push(match[1]);
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  readonly #source: string;
  #at = 0;

  constructor(tokens: readonly string[], source: string) {
    this.#tokens = tokens;
    this.#source = source;
  }

  parse(): Node {
    const node = this.#sum();
    if (this.#at < this.#tokens.length) throw this.#error();
    return node;
  }

  #sum(): Node {
    return this.#leftToRight(["+", "-"], () => this.#product());
  }

  #product(): Node {
    return this.#leftToRight(["*", "/", "%"], () => this.#unary());
  }

  #leftToRight(operators: readonly string[], operand: () => Node): Node {
    let left = operand();
    for (;;) {
      const token = this.#tokens[this.#at];
      const apply = token === undefined ? undefined : OPERATORS[token];
      if (token === undefined || apply === undefined || !operators.includes(token)) return left;
      this.#at += 1;
      const [before, right] = [left, operand()];
      left = (retried) => apply(before(retried), right(retried));
    }
  }

  #unary(): Node {
    if (this.#tokens[this.#at] !== "-") return this.#primary();
    this.#at += 1;
    const operand = this.#unary();
    return (retried) => -operand(retried);
  }

  #primary(): Node {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw this.#error();
    this.#at += 1;
    if (token === "(") {
      const inner = this.#sum();
      this.#expect(")");
      return inner;
    }
    if (token === "retried") return (retried) => retried;
    if (/^[\d.]/.test(token)) {
      const value = Number(token);
      return () => value;
    }
    return this.#call(token);
  }

  #call(name: string): Node {
    const definition = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (definition === undefined) {
      this.#at -= 1;
      throw this.#error();
    }
    this.#expect("(");
    const inputs = [this.#sum()];
    while (inputs.length < definition.arity) {
      this.#expect(",");
      inputs.push(this.#sum());
    }
    this.#expect(")");
    return (retried) => definition.apply(...inputs.map((input) => input(retried)));
  }

  #expect(token: string): void {
    if (this.#tokens[this.#at] !== token) throw this.#error();
    this.#at += 1;
  }

  #error(): Error {
    const token = this.#tokens[this.#at];
    const what = token === undefined ? "it ends too early" : `unexpected "${token}"`;
    return invalid(`invalid Upstash-Retry-Delay "${this.#source}": ${what}`);
  }
}
