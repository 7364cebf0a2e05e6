// SPDX-License-Identifier: Apache-2.0
// What one layer's weights become, and how they are rounded to it.
import type { Node } from '../model/graph.js';
import type { Encoding } from './formats/encoding.js';
import type { Sensitivity } from './sensitivity.js';

/** `nearest` rounds each weight by itself; `output` makes the layer's output move least. */
export type RoundMethod = 'nearest' | 'output';

export interface LayerRecipe {
  encoding: Encoding;
  method: RoundMethod;
  /** Of `block`: share of the blocks that are kept. */
  keptShare?: number;
  /** Of outliers: share of the weights. */
  outlierShare?: number;
  /** What an error of each weight costs, [rows][columns]: grids and outliers go by it. */
  importances?: Float64Array;
  /** int8 that is to be stored entropy-coded: bits per weight to come out at. */
  rate?: number;
  /** Weights run along the trellis (code/trellis.ts) in the order in which they will be stored. */
  trellis?: boolean;
  /** That order: indices of the weight tensor, -1 for zeros of the layout. */
  sequences?: readonly Int32Array[];
  /** The rate is that of all such layers together, shared out by what an error costs. */
  shared?: boolean;
  /** Instead of the rate: what a weight's error may cost at the network's output. */
  noise?: number;
  /** What errors cost there (sensitivity.ts). */
  sensitivity?: Sensitivity;
}

/** The recipe of a layer with weights of this shape. */
export type RecipeOf = (node: Node, shape: readonly number[]) => LayerRecipe | undefined;
