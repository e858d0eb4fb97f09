import { z } from "zod";
import { Metadata, Timestamp } from "./common.ts";
import { NamespaceId, ResourceName } from "./ids.ts";
import { TaskStatusEnum } from "./status.ts";

/** `POST /v1/namespaces`. */
export const CreateNamespaceRequest = z.strictObject({
  name: ResourceName,
  metadata: Metadata.optional(),
});

export type CreateNamespaceRequest = z.infer<typeof CreateNamespaceRequest>;

/** One tenant's space: every other resource belongs to exactly one namespace. */
export const Namespace = z.object({
  namespace_id: NamespaceId,
  name: z.string(),
  status: TaskStatusEnum,
  metadata: Metadata,
  created_at: Timestamp,
  updated_at: Timestamp,
});

export type Namespace = z.infer<typeof Namespace>;
