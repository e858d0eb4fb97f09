import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import {
  Cluster,
  ClusterRow,
  CreateClusterRequest,
  ExecuteClusterRequest,
} from "../../contract/cluster.ts";
import { pageOf, PageQuery, ResourceListRequest } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import { Task } from "../../contract/task.ts";
import { createCluster } from "./create-cluster.ts";
import { deleteCluster } from "./delete-cluster.ts";
import { executeCluster } from "./execute-cluster.ts";
import { type ClusterWithResult, getCluster } from "./get-cluster.ts";
import { listClusters } from "./list-clusters.ts";
import { presentPage } from "../../http/present.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../../http/router.ts";
import { answerSubmission, SubmissionHeaders } from "../../http/submission.ts";

const params = z.object({ cluster_id: IdOrName });
const tags = ["Clusters"];

/** `/v1/clusters`: create, get, list, delete, execute. */
export const clusters = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/clusters",
      tags,
      operationId: "createCluster",
      summary: "Create a cluster",
      description:
        "Names the collections whose documents to group, and the number of groups. Nothing runs until it is executed. The name is unique in the namespace; the collections must share one embedder.",
      request: {
        body: jsonBody(CreateClusterRequest, {
          name: "subjects",
          collection_ids: ["passages"],
          k: 8,
        }),
      },
      responses: { 201: jsonAt(Cluster, "The cluster, a DRAFT"), ...problems("name_taken") },
    }),
    async (c) => {
      const input = c.req.valid("json");
      const cluster = await createCluster({ ctx: c.var.inNamespace, input });
      return c.json(presentCluster({ cluster, result: null }), 201, {
        Location: `/v1/clusters/${cluster._id}`,
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/clusters/list",
      tags,
      operationId: "listClusters",
      summary: "List clusters",
      description: "Newest first, without their groups.",
      request: { query: PageQuery, body: optionalJsonBody(ResourceListRequest, { limit: 20 }) },
      responses: { 200: json(pageOf(ClusterRow), "A page of clusters") },
    }),
    async (c) => {
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      const page = await listClusters({ ctx: c.var.inNamespace, input });
      return c.json(presentPage(c, page, presentRow), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/clusters/{cluster_id}",
      tags,
      operationId: "getCluster",
      summary: "Get a cluster",
      description:
        "By id or name. The status is its newest task's; the results are those of the last COMPLETED task.",
      request: { params },
      responses: { 200: json(Cluster, "The cluster"), ...problems("not_found") },
    }),
    async (c) => {
      const input = { cluster: c.req.valid("param").cluster_id };
      return c.json(presentCluster(await getCluster({ ctx: c.var.inNamespace, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/clusters/{cluster_id}",
      tags,
      operationId: "deleteCluster",
      summary: "Delete a cluster",
      description: "Not while a task works for it. Documents no longer show their group.",
      request: { params },
      responses: {
        204: { description: "Deleted" },
        ...problems("not_found", "resource_in_use"),
      },
    }),
    async (c) => {
      const input = { cluster: c.req.valid("param").cluster_id };
      await deleteCluster({ ctx: c.var.inNamespace, input });
      return c.body(null, 204);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/clusters/{cluster_id}/execute",
      tags,
      operationId: "executeCluster",
      summary: "Find a cluster's groups",
      description:
        "Groups the current documents. If a task is already doing this, that task is returned. The previous results are shown until the task is COMPLETED.",
      request: {
        params,
        headers: SubmissionHeaders,
        body: optionalJsonBody(ExecuteClusterRequest, {}),
      },
      responses: {
        202: jsonAt(Task, "The task"),
        ...problems("not_found", "parent_canceled", "idempotency_key_reused"),
      },
    }),
    (c) =>
      answerSubmission(c, c.req.valid("header"), {
        make: (ctx, keyed) => {
          const cluster = c.req.valid("param").cluster_id;
          return executeCluster({ ctx, input: { cluster, options: c.req.valid("json"), keyed } });
        },
      }),
  );

function presentCluster({ cluster, result }: ClusterWithResult): Cluster {
  const groups = result?.clusters?.map(({ cluster_index, size, top_terms }) => ({
    cluster_index,
    size,
    top_terms: [...top_terms],
  }));
  return { ...presentRow({ cluster, result }), clusters: groups ?? null };
}

function presentRow({ cluster, result }: ClusterWithResult): ClusterRow {
  return {
    cluster_id: cluster._id,
    namespace_id: cluster.namespace_id,
    name: cluster.name,
    collection_ids: [...cluster.collection_ids],
    k: cluster.k,
    seed: cluster.seed,
    metadata: cluster.metadata,
    status: cluster.status,
    task_id: cluster.task_id,
    error_message: cluster.error_message,
    result_task_id: result?._id ?? null,
    num_clusters: result?.sizes.filter((size) => size > 0).length ?? null,
    stats: result && {
      inertia: result.inertia,
      silhouette: result.silhouette,
      iterations: result.iterations,
    },
    created_at: cluster.created_at.toISOString(),
    updated_at: cluster.updated_at.toISOString(),
  };
}
