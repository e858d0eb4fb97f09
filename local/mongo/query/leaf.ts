/** Tests on the value that a path leads to. */

export type Leaf = (leaf: unknown) => boolean;
export type LeafTest = { readonly leaf: Leaf; readonly isNegated: boolean };

/** Applies a test to the value and to the elements of an array. */
export function onValueOrElements(test: Leaf): Leaf {
  return (leaf) => test(leaf) || (Array.isArray(leaf) && leaf.some(test));
}
