import { pack, type Points } from "../../src/content/clustering/points.ts";
import { createRandom } from "../../src/content/clustering/random.ts";

/** Points in blobs around far corners, 8 dimensions, blob by blob. */
export function blobs(count: number, perBlob: number, spread = 0.05): Points {
  const random = createRandom(99);
  const vectors = Array.from({ length: count * perBlob }, (_, at) =>
    Float32Array.from({ length: 8 }, (_one, dimension) => {
      const corner =
        dimension === Math.floor(at / perBlob) % 8 ? 1 + Math.floor(at / perBlob / 8) : 0;
      return corner + (random() - 0.5) * spread;
    }),
  );
  return pack(vectors, 8);
}
