import { Task } from "../src/contract/task.ts";
import { Taxonomy } from "../src/contract/taxonomy.ts";
import type { Client } from "./client.ts";
import { allDocuments, originOf } from "./documents.ts";
import { checkArrived } from "./events.ts";
import { claim } from "./failure.ts";
import { checkLabels, LabelCounts, type Labelled, labelsOf } from "./labels.ts";
import type { Receiver } from "./receiver.ts";
import { showSecondRun } from "./second-run.ts";
import { bold, checked, dim, facts, heading, line, number, quote, seconds } from "./terminal.ts";
import { TOPICS } from "./topics.ts";
import { watch } from "./watch.ts";
import { inYears, middleHalf, YEARS_WIDTH } from "./years.ts";

/** The least cosine of a document and its topic. Many a passage is about nothing in particular. */
const THRESHOLD = 0.2;

/** The topic of which the clearest document is shown. */
const SHOWN = "health";

const COUNT_WIDTH = 5;

export type TaxonomyShow = {
  readonly client: Client;
  readonly receiver: Receiver;
  readonly bucketId: string;
  readonly collectionId: string;
};

/** Labels the documents of a collection by a tree of topics, and then what has changed of them. */
export async function showTaxonomy(show: TaxonomyShow): Promise<void> {
  const { client, receiver, collectionId } = show;
  heading("A taxonomy: each document finds its topic");
  const startedAt = Date.now();
  const { taxonomy_id: id } = await client.post(
    "/v1/taxonomies",
    { name: "topics", nodes: TOPICS, threshold: THRESHOLD },
    Taxonomy,
  );
  const task = await materialize(client, id, collectionId);
  claim(task.status === "COMPLETED", `the task ended ${task.status}: ${task.error_message}`);
  const took = Date.now() - startedAt;
  const counts = LabelCounts.parse(task.outputs?.[0]);
  const { documents_labelled: labelled, documents_below_threshold: below } = counts;
  facts({
    labelled: `${number(labelled)} in ${seconds(took)}, by ${TOPICS.length} topics`,
    "no label": `${number(below)}, whose nearest topic is below a cosine of ${THRESHOLD}`,
  });
  const labels = labelsOf(await allDocuments(client, collectionId), id);
  showTree(labels);
  showClearest(labels);
  checkLabels(labels, THRESHOLD, counts);
  checked(`All ${number(labels.length)} have a score, and a label where it reaches ${THRESHOLD}`);
  await checkArrived(client, receiver, task, "taxonomy.materialized");
  await showSecondRun({ ...show, materialize: () => materialize(client, id, collectionId) });
}

async function materialize(client: Client, id: string, collectionId: string): Promise<Task> {
  const path = `/v1/taxonomies/${id}/materialize`;
  const submitted = await client.post(path, { collection_id: collectionId }, Task);
  line(`POST …/materialize answers 202, the task ${submitted.task_id}.`);
  return (await watch(client, submitted.task_id)).task;
}

function showTree(labels: readonly Labelled[]): void {
  line();
  line(dim(`${"count".padStart(COUNT_WIDTH)}  ${"years".padEnd(YEARS_WIDTH)}  topic`));
  for (const [index, { node_id, parent_id, label }] of TOPICS.entries()) {
    const own = labels.filter((one) => one.node_id === node_id).map(({ document }) => document);
    const years = inYears(middleHalf(own));
    const isLast = TOPICS[index + 1]?.parent_id === undefined;
    const branch = isLast ? "└ " : "├ ";
    const name = parent_id === undefined ? bold(label) : dim(branch) + label;
    line(`${number(own.length).padStart(COUNT_WIDTH)}  ${dim(years)}  ${name}`);
  }
}

function showClearest(labels: readonly Labelled[]): void {
  const [clearest] = labels
    .filter(({ node_id }) => node_id === SHOWN)
    .toSorted((a, b) => b.score - a.score);
  claim(clearest !== undefined, `no document is labelled ${SHOWN}`);
  const { document, path, score } = clearest;
  line();
  line(`${score.toFixed(2)}  ${bold(path.join(" › "))}, the clearest: ${originOf(document)}`);
  quote(document.text, 2);
  line();
}
