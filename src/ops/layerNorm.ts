// SPDX-License-Identifier: Apache-2.0
// layerNorm: every row of `depth` elements minus its mean (unless `centre` is false: RMS norm), divided by the root of its
// mean square plus epsilon, times scale plus bias, which are constants of `depth` elements or left out. Layer, instance and
// group norm are this after a reshape.
import { elementCount, type Graph, type Node, type TensorData } from '../model/graph.js';
import { badShape, finiteNumber, given, int, outputOf } from './attributes.js';
import { sqrtf } from './floatMath.js';
import { kernelCall } from './kernels.js';
import {
  evaluateIntegerNorm,
  integerNormObstacle,
  lowerIntegerNorm,
  type NormRows,
  type NormTensors,
} from './layerNormInteger.js';
import { inputOf, type OpSpec, optionalInput } from './op.js';
import { tensorConstant } from './weighted.js';

const f = Math.fround;

const isFloat = (node: Node, graph: Graph): boolean =>
  inputOf(node, graph, 0).dtype === 'float32' && outputOf(node, graph).dtype === 'float32';

const tensorsOf = (node: Node, graph: Graph): NormTensors => ({
  node,
  x: inputOf(node, graph, 0),
  y: outputOf(node, graph),
  scale: optionalInput(node, graph, 1)?.data,
  bias: optionalInput(node, graph, 2)?.data,
});

function rowsOf(node: Node, graph: Graph): NormRows {
  const elements = elementCount(inputOf(node, graph, 0).shape);
  const depth = int(node, 'depth', { min: 1, max: 2 ** 31 - 1 });
  if (elements % depth !== 0) badShape(node, `rows of ${depth} of ${elements} elements`);
  for (const i of [1, 2]) {
    const t = optionalInput(node, graph, i);
    if (t && elementCount(t.shape) !== depth) badShape(node, `its scale or bias has shape ${t.shape.join(' x ')}`);
  }
  return {
    rows: elements / depth,
    depth,
    epsilon: f(finiteNumber(node, 'epsilon')),
    centre: node.attrs.centre !== false,
  };
}

function normalizeRow(
  x: Float32Array,
  { depth, epsilon, centre }: NormRows,
  scale?: TensorData,
  bias?: TensorData,
): void {
  let mean = 0;
  for (const v of x) mean = f(mean + v);
  mean = centre ? f(mean / depth) : 0;
  let square = 0;
  for (const v of x) square = f(square + f(f(v - mean) * f(v - mean)));
  const factor = f(1 / sqrtf(f(f(square / depth) + epsilon)));
  for (let i = 0; i < depth; i++) {
    let y = f(f(x[i] - mean) * factor);
    if (scale) y = f(y * Number(scale[i]));
    if (bias) y = f(y + Number(bias[i]));
    x[i] = y;
  }
}

export const layerNorm: OpSpec = {
  op: 'layerNorm',
  infer(node, graph) {
    const { shape, dtype } = inputOf(node, graph, 0);
    rowsOf(node, graph);
    return [{ shape: [...shape], dtype }];
  },
  macs: (node, graph) => elementCount(inputOf(node, graph, 0).shape),
  inPlace: () => [0],
  unsupported(node, graph) {
    const computed = [1, 2].some((i) => {
      const t = optionalInput(node, graph, i);
      return t !== undefined && (!t.data || t.dtype !== 'float32');
    });
    if (computed)
      return { reason: 'its scale or bias is not constant', change: 'multiply and add in layers of their own' };
    return isFloat(node, graph) ? undefined : integerNormObstacle(tensorsOf(node, graph), rowsOf(node, graph));
  },
  lower(node, { graph }) {
    if (!isFloat(node, graph)) return lowerIntegerNorm(tensorsOf(node, graph), rowsOf(node, graph));
    const { rows, depth, epsilon, centre } = rowsOf(node, graph);
    const pointer = (name: string, i: number) => {
      const t = optionalInput(node, graph, i);
      return [name, t ? tensorConstant(name, t) : null] as [string, ReturnType<typeof tensorConstant>];
    };
    return kernelCall(
      'layerNorm',
      ['f32'],
      [
        ['rows', rows],
        ['depth', depth],
        ['centre', centre ? 1 : 0],
        ['epsilon', { float: epsilon }],
        pointer('scale', 1),
        pointer('bias', 2),
      ],
    );
  },
  evaluate(node, inputs, { graph }) {
    const rows = rowsOf(node, graph);
    if (!isFloat(node, graph)) return [evaluateIntegerNorm(tensorsOf(node, graph), rows, given(node, inputs, 0))];
    const out = Float32Array.from(given(node, inputs, 0));
    for (let r = 0; r < rows.rows; r++)
      normalizeRow(out.subarray(r * rows.depth, (r + 1) * rows.depth), rows, inputs[1], inputs[2]);
    return [out];
  },
};
