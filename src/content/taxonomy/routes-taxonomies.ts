import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery, ResourceListRequest } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import { Task } from "../../contract/task.ts";
import { CreateTaxonomyRequest, MaterializeRequest, Taxonomy } from "../../contract/taxonomy.ts";
import type { TaxonomyRecord } from "./taxonomy-store.ts";
import { createTaxonomy } from "./create-taxonomy.ts";
import { deleteTaxonomy } from "./delete-taxonomy.ts";
import { getTaxonomy } from "./get-taxonomy.ts";
import { listTaxonomies } from "./list-taxonomies.ts";
import { startMaterialization } from "./start-materialization.ts";
import { presentPage } from "../../http/present.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../../http/router.ts";
import { answerSubmission, SubmissionHeaders } from "../../http/submission.ts";

const params = z.object({ taxonomy_id: IdOrName });
const tags = ["Taxonomies"];

/** `/v1/taxonomies`: trees of labels, and the tasks that put them on documents. */
export const taxonomies = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/taxonomies",
      tags,
      operationId: "createTaxonomy",
      summary: "Create a taxonomy",
      description:
        "A tree without cycles: node ids are unique, and every parent is a node. The name is unique in the namespace.",
      request: {
        body: jsonBody(CreateTaxonomyRequest, {
          name: "topics",
          nodes: [
            { node_id: "trade", label: "Trade" },
            {
              node_id: "ships",
              parent_id: "trade",
              label: "Shipping",
              description: "ports, cargo",
            },
          ],
        }),
      },
      responses: { 201: jsonAt(Taxonomy, "The taxonomy, a DRAFT"), ...problems("name_taken") },
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
      operationId: "listTaxonomies",
      summary: "List taxonomies",
      description: "Newest first.",
      request: { query: PageQuery, body: optionalJsonBody(ResourceListRequest, { limit: 20 }) },
      responses: { 200: json(pageOf(Taxonomy), "A page of taxonomies") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      const page = await listTaxonomies({ ctx: c.var.inNamespace, input });
      return c.json(presentPage(c, page, presentTaxonomy), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/taxonomies/{taxonomy_id}",
      tags,
      operationId: "getTaxonomy",
      summary: "Get a taxonomy",
      description: "By id or name.",
      request: { params },
      responses: { 200: json(Taxonomy, "The taxonomy"), ...problems("not_found") },
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
      operationId: "deleteTaxonomy",
      summary: "Delete a taxonomy",
      description: "Not while a task works for it. Its labels on documents are kept.",
      request: { params },
      responses: {
        204: { description: "Deleted" },
        ...problems("not_found", "resource_in_use"),
      },
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
      operationId: "materializeTaxonomy",
      summary: "Label a collection's documents",
      description:
        "Labels each document with its nearest node. Only documents written since they were last labelled are touched. If a task is already doing this, that task is returned.",
      request: {
        params,
        headers: SubmissionHeaders,
        body: jsonBody(MaterializeRequest, { collection_id: "passages" }),
      },
      responses: {
        202: jsonAt(Task, "The task"),
        ...problems("not_found", "resource_in_use", "parent_canceled", "idempotency_key_reused"),
      },
    }),
    (c) =>
      answerSubmission(c, c.req.valid("header"), {
        make: (ctx, keyed) => {
          const taxonomy = c.req.valid("param").taxonomy_id;
          const request = c.req.valid("json");
          return startMaterialization({ ctx, input: { taxonomy, request, keyed } });
        },
      }),
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
