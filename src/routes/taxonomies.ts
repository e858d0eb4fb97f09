import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery, ResourceListRequest } from "../contract/common.ts";
import { IdOrName } from "../contract/ids.ts";
import { Task } from "../contract/task.ts";
import { CreateTaxonomyRequest, MaterializeRequest, Taxonomy } from "../contract/taxonomy.ts";
import type { TaxonomyRecord } from "../ports/taxonomy-store.ts";
import { presentTask } from "../services/tasks/present-task.ts";
import { createTaxonomy } from "../services/taxonomies/create-taxonomy.ts";
import { deleteTaxonomy } from "../services/taxonomies/delete-taxonomy.ts";
import { getTaxonomy } from "../services/taxonomies/get-taxonomy.ts";
import { listTaxonomies } from "../services/taxonomies/list-taxonomies.ts";
import { startMaterialization } from "../services/taxonomies/start-materialization.ts";
import { presentPage } from "./present.ts";
import { createRouter, json, jsonBody, optionalJsonBody, problems } from "./router.ts";
import { idempotencySlotOf, SubmissionHeaders } from "./submission.ts";

const params = z.object({ taxonomy_id: IdOrName });
const tags = ["Taxonomies"];

/** `/v1/taxonomies`: trees of labels, and the tasks that put them on documents. */
export const taxonomies = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/taxonomies",
      tags,
      summary: "Create a taxonomy",
      request: { body: jsonBody(CreateTaxonomyRequest) },
      responses: { 201: json(Taxonomy, "The taxonomy, a DRAFT"), ...problems(404, 409, 503) },
    }),
    async (c) => {
      const input = c.req.valid("json");
      const taxonomy = await createTaxonomy({ ctx: c.var.inNamespace, input });
      return c.json(presentTaxonomy(taxonomy), 201, { Location: `/v1/taxonomies/${taxonomy._id}` });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/taxonomies/list",
      tags,
      summary: "List taxonomies",
      request: { query: PageQuery, body: optionalJsonBody(ResourceListRequest) },
      responses: { 200: json(pageOf(Taxonomy), "A page of taxonomies"), ...problems(404) },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      const page = await listTaxonomies({ ctx: c.var.inNamespace, input });
      return c.json(presentPage(page, presentTaxonomy), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/taxonomies/{taxonomy_id}",
      tags,
      summary: "Get a taxonomy",
      request: { params },
      responses: { 200: json(Taxonomy, "The taxonomy"), ...problems(404) },
    }),
    async (c) => {
      const input = { taxonomy: c.req.valid("param").taxonomy_id };
      return c.json(presentTaxonomy(await getTaxonomy({ ctx: c.var.inNamespace, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/taxonomies/{taxonomy_id}",
      tags,
      summary: "Delete a taxonomy; the labels on documents stay",
      request: { params },
      responses: { 204: { description: "Deleted" }, ...problems(404, 409) },
    }),
    async (c) => {
      const input = { taxonomy: c.req.valid("param").taxonomy_id };
      await deleteTaxonomy({ ctx: c.var.inNamespace, input });
      return c.body(null, 204);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/taxonomies/{taxonomy_id}/materialize",
      tags,
      summary: "Label a collection's documents; while a task does, answers that task",
      request: { params, headers: SubmissionHeaders, body: jsonBody(MaterializeRequest) },
      responses: { 202: json(Task, "The task"), ...problems(404, 409, 422, 503) },
    }),
    async (c) => {
      const input = {
        taxonomy: c.req.valid("param").taxonomy_id,
        request: c.req.valid("json"),
        idempotencySlot: idempotencySlotOf(c.req.valid("header")),
      };
      const task = await startMaterialization({ ctx: c.var.inNamespace, input });
      return c.json(presentTask(task), 202, { Location: `/v1/tasks/${task._id}` });
    },
  );

function presentTaxonomy(taxonomy: TaxonomyRecord): Taxonomy {
  return {
    taxonomy_id: taxonomy._id,
    namespace_id: taxonomy.namespace_id,
    name: taxonomy.name,
    nodes: taxonomy.nodes.map((node) => ({ ...node, examples: [...node.examples] })),
    threshold: taxonomy.threshold,
    metadata: taxonomy.metadata,
    status: taxonomy.status,
    task_id: taxonomy.task_id,
    collection_id: taxonomy.collection_id,
    error_message: taxonomy.error_message,
    created_at: taxonomy.created_at.toISOString(),
    updated_at: taxonomy.updated_at.toISOString(),
  };
}
