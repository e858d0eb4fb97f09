import { TaxonomyTarget } from "../../contract/submission-target.ts";
import { defineTarget } from "../../engine/submissions/define-target.ts";
import { startMaterialization } from "./start-materialization.ts";

/** A taxonomy applied to a collection. */
export const TAXONOMY_TARGET = defineTarget({
  kind: "taxonomy",
  schema: TaxonomyTarget,
  isOwnSingleton: true,
  submit: ({ ctx, target, ...submission }) => {
    const { kind: _, taxonomy_id: taxonomy, ...request } = target;
    return startMaterialization({ ctx, input: { taxonomy, request, ...submission } });
  },
});
