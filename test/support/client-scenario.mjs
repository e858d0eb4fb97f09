/**
 * What the built client does on a runtime that is not Node: read, submit, wait, list, an error, a
 * webhook. Plain JavaScript, since workerd and a browser load it as it is.
 */
export async function scenario(waybill, { options, bucketId, batchId, collectionId, webhook }) {
  const client = waybill.createClient(options);
  const draft = await client.batches.get(bucketId, batchId);
  const accepted = await client.batches.submit(bucketId, batchId);
  const seen = [];
  const ended = await client.waitForTask(accepted.task_id, {
    deadline: 20_000,
    onProgress: ({ status }) => seen.push(status),
    resource: () => client.batches.get(bucketId, batchId),
  });
  const texts = [];
  for await (const { text } of client.documents.listAll(collectionId, { limit: 2 }))
    texts.push(text);
  const error = await client.buckets.get("nowhere").catch((reason) => reason);
  const event = await waybill.verifyWebhook(webhook);
  return {
    draft: draft.status,
    ended: ended.status,
    lastSeen: seen.at(-1),
    documents: texts.length,
    error: error instanceof waybill.NotFoundError && error.code,
    hasRequestId: Boolean(error.requestId),
    event: event.type,
  };
}
