import { notFound } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { showBytes, showMessage } from "./message.ts";
import type { Message } from "./message.ts";
import type { Answer } from "./outcome.ts";

export type DeadLetter = {
  readonly dlqId: string;
  readonly sequence: number;
  readonly failedAt: number;
  readonly message: Message;
  /** Absent when the last attempt had no answer. */
  readonly answer: Answer | undefined;
};

/** Messages that failed for good, oldest first: https://upstash.com/docs/qstash/features/dlq. */
export class DeadLetters {
  readonly #letters = new Map<string, DeadLetter>();
  readonly #now: () => number;
  #sequence = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(message: Message, answer: Answer | undefined): DeadLetter {
    this.#sequence += 1;
    const failedAt = this.#now();
    const dlqId = `${failedAt}-${this.#sequence}`;
    const letter = { dlqId, sequence: this.#sequence, failedAt, message, answer };
    this.#letters.set(dlqId, letter);
    return letter;
  }

  get(dlqId: string): DeadLetter {
    this.#forgetOld();
    const letter = this.#letters.get(dlqId);
    if (letter === undefined) throw notFound(`dlq message ${dlqId} not found`);
    return letter;
  }

  list(): DeadLetter[] {
    this.#forgetOld();
    return [...this.#letters.values()];
  }

  remove(letter: DeadLetter): void {
    this.#letters.delete(letter.dlqId);
  }

  /** "Messages are deleted when their retention period expires." */
  #forgetOld(): void {
    const oldestKept = this.#now() - LIMITS.deadLetterRetentionMs;
    for (const letter of this.#letters.values()) {
      if (letter.failedAt >= oldestKept) return;
      this.#letters.delete(letter.dlqId);
    }
  }
}

/** The body of https://upstash.com/docs/qstash/api-reference/dlq/get-a-dlq-message. */
export function showDeadLetter({ dlqId, message, answer }: DeadLetter) {
  const shown = answer && showBytes(answer.body);
  return {
    ...showMessage(message),
    dlqId,
    responseStatus: answer?.status,
    responseHeader: answer?.header,
    responseBody: shown?.text,
    responseBodyBase64: shown?.base64,
  };
}
