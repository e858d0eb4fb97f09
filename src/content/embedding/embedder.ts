/**
 * Makes vectors of texts. Vectors of one embedder can be compared with each other and with no
 * other's; so a collection keeps its embedder's name for life, and a change of algorithm or of
 * weights is a new name.
 */
export type Embedder = {
  readonly name: string;
  readonly dimensions: number;
  /**
   * One unit vector (L2) for each text, in order. The same text always gives the same vector, so
   * that a job's step may run twice. Throws when a remote embedder can't be reached.
   */
  readonly embed: (texts: readonly string[]) => Promise<Float32Array[]>;
};
