/** A node of the demo's taxonomy; see `TaxonomyNode` in the contract. */
export type Topic = {
  readonly node_id: string;
  readonly parent_id?: string;
  readonly label: string;
  readonly description?: string;
};

/** What presidents report on: three roots, and under each what the default embedder can tell apart. */
export const TOPICS: readonly Topic[] = [
  { node_id: "money", label: "Public money" },
  {
    node_id: "debt",
    parent_id: "money",
    label: "Revenue and debt",
    description:
      "receipts, expenditures, balance in the Treasury, public debt, loans, deficit, surplus, fiscal year",
  },
  {
    node_id: "coin",
    parent_id: "money",
    label: "Gold, silver and banks",
    description: "gold and silver coin, paper notes, currency, national banks, circulation",
  },
  {
    node_id: "tariff",
    parent_id: "money",
    label: "Tariff and trade",
    description: "duties on imports, exports, tariff rates, foreign commerce, manufactures",
  },
  { node_id: "world", label: "The world" },
  {
    node_id: "treaties",
    parent_id: "world",
    label: "Treaties and claims",
    description:
      "treaty, convention, ratifications, minister, commissioners, claims, boundary line, arbitration",
  },
  {
    node_id: "navy",
    parent_id: "world",
    label: "Army and Navy",
    description:
      "officers, soldiers, troops, militia, regiments, ships of war, naval vessels, cruisers, battleships",
  },
  {
    node_id: "powers",
    parent_id: "world",
    label: "Cold war and terror",
    description:
      "free world, allies, aggression, Soviet Union, communism, nuclear weapons, Iraq, terrorists",
  },
  { node_id: "home", label: "Life at home" },
  {
    node_id: "tribes",
    parent_id: "home",
    label: "Indian tribes",
    description:
      "Indians, tribes, reservations, lands west of the Mississippi, hostilities on the frontier",
  },
  {
    node_id: "farms",
    parent_id: "home",
    label: "Farms and forests",
    description:
      "farmers, agriculture, crops, farm prices, forests, irrigation, conservation of natural resources",
  },
  {
    node_id: "work",
    parent_id: "home",
    label: "Work and wages",
    description: "jobs, workers, wages, unemployment, employers, labor unions, small businesses",
  },
  {
    node_id: "health",
    parent_id: "home",
    label: "Health and schools",
    description: "health care, insurance, Medicare, doctors, schools, teachers, children, college",
  },
];
