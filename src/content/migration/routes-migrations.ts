import { createRoute } from "@hono/zod-openapi";
import { z } from "zod";
import { pageOf, PageQuery, ResourceListRequest } from "../../contract/common.ts";
import { IdOrName } from "../../contract/ids.ts";
import {
  CreateMigrationRequest,
  Migration,
  StartMigrationRequest,
} from "../../contract/migration.ts";
import { Task } from "../../contract/task.ts";
import type { MigrationRecord } from "./migration-store.ts";
import type { CallerContext, NamespaceContext } from "../../engine/context.ts";
import { createMigration } from "./create-migration.ts";
import { deleteMigration } from "./delete-migration.ts";
import { getMigration } from "./get-migration.ts";
import { targetIdOf } from "./id-map.ts";
import { listMigrations } from "./list-migrations.ts";
import { startMigration } from "./start-migration.ts";
import { resolveNamespace } from "../../engine/tenants/resolve-namespace.ts";
import { presentPage } from "../../http/present.ts";
import { problems } from "../../http/problem-responses.ts";
import { createRouter, json, jsonAt, jsonBody, optionalJsonBody } from "../../http/router.ts";
import { answerSubmission, SubmissionHeaders } from "../../http/submission.ts";

const source = z.object({ namespace_id: IdOrName });
const params = source.extend({ migration_id: IdOrName });
const tags = ["Migrations"];

/** `/v1/namespaces/{namespace_id}/migrations`: copies of a namespace into new ones. */
export const migrations = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/namespaces/{namespace_id}/migrations",
      tags,
      operationId: "createMigration",
      summary: "Plan a migration",
      description:
        "For the administrator, since it creates a namespace. Nothing is copied until it is started.",
      request: {
        params: source,
        body: jsonBody(CreateMigrationRequest, { target_name: "harbour-2" }),
      },
      responses: {
        201: jsonAt(Migration, "The migration, a DRAFT"),
        ...problems("forbidden", "not_found", "name_taken", "resource_in_use"),
      },
    }),
    async (c) => {
      const ctx = await inSource(c.var.caller, c.req.valid("param"));
      const migration = await createMigration({ ctx, input: c.req.valid("json") });
      const path = `/v1/namespaces/${migration.namespace_id}/migrations/${migration._id}`;
      return c.json(presentMigration(migration), 201, { Location: path });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/namespaces/{namespace_id}/migrations/list",
      tags,
      operationId: "listMigrations",
      summary: "List the migrations from a namespace",
      description: "Newest first.",
      request: {
        params: source,
        query: PageQuery,
        body: optionalJsonBody(ResourceListRequest, { limit: 20 }),
      },
      responses: {
        200: json(pageOf(Migration), "A page of migrations"),
        ...problems("not_found", "resource_in_use"),
      },
    }),
    async (c) => {
      const ctx = await inSource(c.var.caller, c.req.valid("param"));
      const input = { ...c.req.valid("query"), ...c.req.valid("json") };
      return c.json(presentPage(c, await listMigrations({ ctx, input }), presentMigration), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/namespaces/{namespace_id}/migrations/{migration_id}",
      tags,
      operationId: "getMigration",
      summary: "Get a migration",
      description: "By its id or its target's name.",
      request: { params },
      responses: {
        200: json(Migration, "The migration"),
        ...problems("not_found", "resource_in_use"),
      },
    }),
    async (c) => {
      const ctx = await inSource(c.var.caller, c.req.valid("param"));
      const input = { migration: c.req.valid("param").migration_id };
      return c.json(presentMigration(await getMigration({ ctx, input })), 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/namespaces/{namespace_id}/migrations/{migration_id}",
      tags,
      operationId: "deleteMigration",
      summary: "Delete a migration",
      description: "Not while a task works for it. Its target stays, whether it is active or not.",
      request: { params },
      responses: {
        204: { description: "Deleted" },
        ...problems("not_found", "resource_in_use"),
      },
    }),
    async (c) => {
      const ctx = await inSource(c.var.caller, c.req.valid("param"));
      await deleteMigration({ ctx, input: { migration: c.req.valid("param").migration_id } });
      return c.body(null, 204);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/namespaces/{namespace_id}/migrations/{migration_id}/start",
      tags,
      operationId: "startMigration",
      summary: "Copy the namespace",
      description:
        "If a task is doing this or has done it, that task is returned. After a failure or a kill, a new task continues with the same target.",
      request: {
        params,
        headers: SubmissionHeaders,
        body: optionalJsonBody(StartMigrationRequest, { tags: ["move"] }),
      },
      responses: {
        202: jsonAt(Task, "The task"),
        ...problems(
          "not_found",
          "resource_in_use",
          "not_a_draft",
          "parent_canceled",
          "idempotency_key_reused",
        ),
      },
    }),
    async (c) => {
      const { migration_id: migration } = c.req.valid("param");
      return answerSubmission(c, c.req.valid("header"), {
        ctx: await inSource(c.var.caller, c.req.valid("param")),
        make: (ctx, keyed) =>
          startMigration({ ctx, input: { migration, options: c.req.valid("json"), keyed } }),
      });
    },
  );

/** The context of the namespace that the path names; the header says nothing here. */
async function inSource(
  ctx: CallerContext,
  { namespace_id: idOrName }: z.infer<typeof source>,
): Promise<NamespaceContext> {
  return { ...ctx, namespace: await resolveNamespace({ ctx, input: { idOrName } }) };
}

function presentMigration(migration: MigrationRecord): Migration {
  return {
    migration_id: migration._id,
    namespace_id: migration.namespace_id,
    target_name: migration.name,
    target_namespace_id: targetIdOf(migration._id),
    copied: migration.copied === null ? null : { ...migration.copied },
    metadata: migration.metadata,
    status: migration.status,
    task_id: migration.task_id,
    error_message: migration.error_message,
    created_at: migration.created_at.toISOString(),
    updated_at: migration.updated_at.toISOString(),
  };
}
