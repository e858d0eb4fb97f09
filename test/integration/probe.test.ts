import { afterAll, beforeAll, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { getTask, makeBatch, sentence, submit } from "../support/fixtures.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
const clock = drivenClock(Date.now());
beforeAll(async () => {
  world = await startWorld({ clock });
});
afterAll(() => world.close());
function dump(title: string) {
  const { redis, mongo, qstash } = world.stack;
  const f = (o: { name: string; target: string }) => `${o.name} ${o.target}`;
  console.log(
    title,
    JSON.stringify(
      {
        r: redis.operations.all().map(f),
        m: mongo?.operations.all().map(f),
        q: qstash.operations.all().map(f),
      },
      null,
      1,
    ),
  );
  redis.operations.clear();
  mongo?.operations.clear();
  qstash.operations.clear();
}
it("probe", async () => {
  const api = await world.inNamespace();
  const batch = await makeBatch(api, [sentence(1), sentence(2)]);
  dump("setup");
  const blocker = world.stack.qstash.faults.add({
    phase: "before",
    match: (o) => o.name === "deliver",
    action: { kind: "delay", ms: 300 },
  });
  const t = await submit(api, batch);
  blocker();
  dump("submit");
  await world.stack.qstash.idle();
  dump("job");
  await getTask(api, t.task_id);
  dump("poll");
  await getTask(api, t.task_id);
  dump("poll2");
  await api.post("/v1/tasks/list", {});
  dump("list");
  await world.runMinuteCron(60_000);
  dump("cron");
});
