import { describe, expect, it } from "vitest";
import { hashedNgramEmbedder } from "../../embedding/hashed-ngram.ts";
import { embedNodes, nearestNode } from "./nearest-node.ts";

const node = (node_id: string, parent_id: string | null, label: string) => ({
  node_id,
  parent_id,
  label,
  description: null,
  examples: [],
});

const TREE = {
  nodes: [
    node("root", null, "Transport"),
    node("rail", "root", "Railways"),
    node("sea", "root", "Ships"),
  ],
};

async function labelOf(text: string, threshold = 0) {
  const nodes = await embedNodes(TREE, hashedNgramEmbedder);
  const [vector] = await hashedNgramEmbedder.embed([text]);
  if (vector === undefined) throw new Error("no vector");
  return nearestNode(vector, nodes, threshold);
}

describe("nearestNode", () => {
  it("gives a node's own text that node, with its path and a score of 1", async () => {
    const found = await labelOf("Railways");
    expect(found).toMatchObject({ node_id: "rail", path: ["Transport", "Railways"] });
    expect(found.score).toBeCloseTo(1, 5);
  });

  it("gives none below the threshold, but says how near the nearest was", async () => {
    const found = await labelOf("Something else altogether", 0.9);
    expect(found).toMatchObject({ node_id: null, label: null, path: [] });
    expect(found.score).toBeLessThan(0.9);
  });

  it("gives the first of several that are as near", async () => {
    const twins = { nodes: [node("a", null, "Same"), node("b", null, "Same")] };
    const nodes = await embedNodes(twins, hashedNgramEmbedder);
    const [vector] = await hashedNgramEmbedder.embed(["Same"]);
    expect(vector && nearestNode(vector, nodes, 0).node_id).toBe("a");
  });

  it("gives a document without a direction no node", async () => {
    const nodes = await embedNodes(TREE, hashedNgramEmbedder);
    expect(nearestNode(new Float32Array(256), nodes, 0.1).node_id).toBeNull();
  });
});
