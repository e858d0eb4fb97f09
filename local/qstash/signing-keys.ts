import { randomBytes } from "node:crypto";

/** The two signing keys: https://upstash.com/docs/qstash/howto/roll-signing-keys. */
export class SigningKeys {
  #current: string;
  #next: string;

  constructor(current: string, next: string) {
    this.#current = current;
    this.#next = next;
  }

  get current(): string {
    return this.#current;
  }

  view(): { current: string; next: string } {
    return { current: this.#current, next: this.#next };
  }

  /** The next key becomes the current one, and a fresh next key is made. */
  rotate(): { current: string; next: string } {
    this.#current = this.#next;
    this.#next = `sig_${randomBytes(20).toString("base64url")}`;
    return this.view();
  }
}
