import type { App } from "../../app.ts";
import {
  CreateTaxonomyRequest,
  MaterializeRequest,
  Taxonomy,
  TaxonomyNode,
} from "../../contract/taxonomy.ts";
import { TAXONOMIES_INDEXES } from "./indexes.ts";
import { materializeTaxonomy } from "./job/materialize-taxonomy.ts";
import { taxonomies } from "./routes-taxonomies.ts";
import { TAXONOMY_TARGET } from "./target.ts";

/** Taxonomies: trees of labels for documents. */
export const TAXONOMY: App = {
  jobs: [materializeTaxonomy],
  targets: [TAXONOMY_TARGET],
  routes: [taxonomies],
  indexes: TAXONOMIES_INDEXES,
  contents: [{ collections: ["taxonomies"] }],
  tags: [["Taxonomies", "Trees of labels for the documents of collections."]],
  components: {
    TaxonomyNode: [
      TaxonomyNode,
      "A node; its label, description and examples are taken as one text.",
    ],
    CreateTaxonomyRequest: [CreateTaxonomyRequest, "A new taxonomy."],
    MaterializeRequest: [
      MaterializeRequest,
      "On which collection, and what every submission may say.",
    ],
    Taxonomy: [
      Taxonomy,
      "A tree of labels. DRAFT until materialised, then its newest task's status.",
    ],
  },
};
