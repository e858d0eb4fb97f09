/**
 * The stand-ins in a process of their own, so that they share no event loop with the load
 * generator. Started by test-bed.ts with an IPC channel; ends when that closes. Any message is
 * answered with the number of Redis commands since the one before.
 *
 * `held`: QStash keeps every message, so that no job runs and tasks stay PENDING.
 * `live`: messages are delivered at once.
 */
import { startStack } from "../local/stack.ts";

const stack = await startStack();
if (process.argv[2] === "held") {
  stack.qstash.misbehaviours.add({ kind: "reorder", match: () => true, after: Infinity });
}
process.on("message", () => {
  process.send?.(stack.redis.operations.all().length);
  stack.redis.operations.clear();
});
process.once("disconnect", () => {
  void stack.close().finally(() => process.exit());
});
process.send?.({ vars: stack.vars, adminKey: stack.adminKey });
