// SPDX-License-Identifier: Apache-2.0
// The passes in the order they run, and the fixed point of all of them.
import type { Graph } from '../model/graph.js';
import { binaryLayers } from './binaryLayers.js';
import { foldAffine } from './foldAffine.js';
import { foldConstants, foldDequantize } from './foldConstants.js';
import { fuseActivation } from './fuseActivation.js';
import { fuseBatchNorm } from './fuseBatchNorm.js';
import { fusePad } from './fusePad.js';
import { inferShapes } from './inferShapes.js';
import { integerize } from './integerize.js';
import { joinSigns } from './joinSigns.js';
import { placeConstants } from './placeConstants.js';
import { recognizeActivations } from './recognizeActivations.js';
import { recognizeNorm } from './recognizeNorm.js';
import { removeDead } from './removeDead.js';
import { removeIdentity } from './removeIdentity.js';
import { removeTransposes } from './removeTransposes.js';
import { shiftUnsigned } from './shiftUnsigned.js';
import { singleChannelDepthwise } from './singleChannelDepthwise.js';
import { splitConcat } from './splitConcat.js';
import { symmetric16 } from './symmetric16.js';
import { topologicalSort } from './topologicalSort.js';

/** A pass returns the very graph that it was given when it has nothing to do. */
export interface Pass {
  name: string;
  run(graph: Graph): Graph;
}

// Transposes go before fusing: they stand between a layer and its batch norm.
const rewrites: readonly Pass[] = [
  { name: 'removeDead', run: removeDead },
  { name: 'shiftUnsigned', run: shiftUnsigned },
  { name: 'symmetric16', run: symmetric16 },
  { name: 'foldConstants', run: foldConstants },
  { name: 'recognizeActivations', run: recognizeActivations },
  { name: 'recognizeNorm', run: recognizeNorm },
  { name: 'removeTransposes', run: removeTransposes },
  { name: 'removeIdentity', run: removeIdentity },
  { name: 'fusePad', run: fusePad },
  { name: 'fuseBatchNorm', run: fuseBatchNorm },
  { name: 'foldAffine', run: foldAffine },
  { name: 'fuseActivation', run: fuseActivation },
];
// When nothing is left to fuse: layers of signs become layers of bits, quantized ONNX becomes integer, and only then do the constants that no integer node
// wanted lose their integers.
const lowerings: readonly Pass[] = [
  { name: 'binaryLayers', run: binaryLayers },
  { name: 'removeDead', run: removeDead },
  { name: 'joinSigns', run: joinSigns },
  { name: 'integerize', run: integerize },
  { name: 'foldDequantize', run: foldDequantize },
  { name: 'placeConstants', run: placeConstants },
  { name: 'splitConcat', run: splitConcat },
  { name: 'singleChannelDepthwise', run: singleChannelDepthwise },
];

export const passes: readonly Pass[] = [...rewrites, ...lowerings];

/** Each round removes or fuses nodes, so few are needed; the bound only guards against two passes undoing each other. */
const maxRounds = 50;

/** The graph in the form that compression, planning and emission expect. Shapes come first: inferring them checks what
 *  the file says about each node, so that the passes may rely on it. */
export function canonicalize(graph: Graph): Graph {
  let current = settle(inferShapes(topologicalSort(graph)));
  for (const pass of lowerings) current = pass.run(current);
  return inferShapes(removeDead(settle(current)));
}

function settle(graph: Graph): Graph {
  let current = graph;
  for (let round = 0; round < maxRounds; round++) {
    const before = current;
    for (const pass of rewrites) current = pass.run(current);
    if (current === before) break;
  }
  return current;
}
