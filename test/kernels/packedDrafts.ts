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
  if (random.chance(0.3)) killChannel(d, random);
  return d;
}

/** A channel of next to no weights, whose bias in its tiny steps is as large as quantizing lets it become. */
function killChannel({ graph, node }: Draft, random: Random): void {
  const w = graph.tensors[node.inputs[1]];
  const b = graph.tensors[node.inputs[2]];
  if (b?.dtype !== 'int32' || w.quant?.axis === undefined) return;
  const c = random.int(0, w.quant.scales.length - 1);
  const [x, y] = [node.inputs[0], node.outputs[0]].map((id) => graph.tensors[id].quant?.scales[0] ?? 1);
  w.quant = { ...w.quant, scales: w.quant.scales.map((s, i) => (i === c ? (2 ** random.real(-28, -18) * y) / x : s)) };
  b.data = Int32Array.from(b.data as Int32Array, (v, i) =>
    i === c ? random.pick([-1, 1]) * random.int(2 ** 26, 2 ** 30) : v,
  );
}
