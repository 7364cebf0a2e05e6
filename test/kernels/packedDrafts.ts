// SPDX-License-Identifier: Apache-2.0
// Random layers whose weights are stored in less than eight bits.
import { parseEncoding } from '../../src/compress/formats/index.js';
import { encodingNames, randomMatrix } from '../../src/compress/formats/testing/randomMatrix.js';
import { kernelType } from '../../src/ops/packedConv.js';
import { weightData, weightRows } from '../../src/ops/weightMatrix.js';
import type { Draft } from './draft.js';
import type { Random } from './random.js';

/** Gives the layer's weights the structure of an encoding that the kernel takes, and says so. */
export function packWeights(d: Draft, kernelWeight: string, random: Random): Draft {
  const fitting = encodingNames.flatMap((name) => {
    const e = parseEncoding(name);
    return e && kernelType(e) === kernelWeight ? [e] : [];
  });
  const encoding = random.pick(fitting);
  const w = d.graph.tensors[d.node.inputs[1]];
  const { op } = d.node;
  const rows = weightRows(op, w.shape);
  const columns = (w.data as Int8Array).length / rows;
  const matrix = randomMatrix(encoding, rows, columns, (below) => random.int(0, below - 1));
  w.data = weightData(op, w.shape, matrix);
  w.stored = { encoding, ...(matrix.groupScales ? { groupScales: matrix.groupScales } : {}) };
  return d;
}
