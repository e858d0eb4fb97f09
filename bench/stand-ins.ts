/**
 * The stand-ins in a process of their own, so that they share no event loop with the load
 * generator. Started by test-bed.ts with an IPC channel; ends when that closes.
 *
 * `held`: QStash's clock stands still, so no message is ever delivered and tasks stay PENDING.
 * `live`: messages are delivered at once.
 */
import { drivenClock, realClock } from "../local/qstash/clock.ts";
import { startStack } from "../local/stack.ts";

const clock = process.argv[2] === "held" ? drivenClock(Date.now()) : realClock();
const stack = await startStack({ clock });
process.once("disconnect", () => {
  void stack.close().finally(() => process.exit());
});
process.send?.({ vars: stack.vars, adminKey: stack.adminKey });
