import { newSecret, signatureHeaders } from "../../src/engine/webhooks/sign.ts";
import { makeBatch, sentence } from "./fixtures.ts";
import type { SharedWorld } from "./shared-world.ts";

/** All that `client-scenario.mjs` needs, in a namespace of its own. */
export async function prepareScenario(world: SharedWorld, namespace: string, baseUrl: string) {
  const api = await world.inNamespace(namespace);
  const batch = await makeBatch(api, [sentence(1), sentence(2), sentence(3)]);
  const secret = newSecret();
  const body = JSON.stringify({
    type: "task.completed",
    timestamp: "2026-11-24T01:02:03Z",
    data: {},
  });
  const headers = await signatureHeaders([secret], { id: "evt_1", at: new Date(), body });
  return {
    options: { baseUrl, key: world.stack.adminKey, namespace },
    bucketId: batch.bucketId,
    batchId: batch.batchId,
    collectionId: batch.collectionId,
    webhook: { secret, headers, body },
  };
}

/** What the scenario answers when all went well. */
export const SCENARIO_OUTCOME = {
  draft: "DRAFT",
  ended: "COMPLETED",
  lastSeen: "COMPLETED",
  documents: 3,
  error: "not_found",
  hasRequestId: true,
  event: "task.completed",
};
