// SPDX-License-Identifier: Apache-2.0
// matmul: [..., M, K] by [..., K, N], both computed; with constant weights the reader makes it fullyConnected.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { badShape, given, outputOf } from './attributes.js';
import { type Broadcast, broadcastShape, forEachPair, mergedBroadcast } from './broadcast.js';
import { kernelCall } from './kernels.js';
import { type CStruct, inputOf, type KernelCall, type LowerContext, type OpSpec, type Rounding } from './op.js';
import { limitsOf, scaleOf } from './quantized.js';
import {
  clampTo,
  quantizeMultiplier,
  quantizeMultiplier64,
  requantize,
  requantize64,
  roundingCode,
} from './requantize.js';
import { constant, type Reason } from './weighted.js';

interface Geometry {
  a: Tensor;
  b: Tensor;
  y: Tensor;
  /** Over the leading dimensions, in matrices. */
  batches: Broadcast;
  rows: number;
  depth: number;
  columns: number;
  shape: number[];
}

function geometry(node: Node, graph: Graph): Geometry {
  const [a, b] = [inputOf(node, graph, 0), inputOf(node, graph, 1)];
  const text = `${a.shape.join(' x ')} by ${b.shape.join(' x ')}`;
  if (a.shape.length < 2 || b.shape.length < 2) badShape(node, `${text}: both need two dimensions or more`);
  const [rows, depth] = a.shape.slice(-2);
  const [depthB, columns] = b.shape.slice(-2);
  const leading = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (depth !== depthB || !leading) badShape(node, `${text} is no matrix product`);
  const batches = mergedBroadcast(a.shape.slice(0, -2), b.shape.slice(0, -2), leading);
  return { a, b, y: outputOf(node, graph), batches, rows, depth, columns, shape: [...leading, rows, columns] };
}

/** 255 * 255 * this fits 32 bits, 2^30 * this fits 47. */
const maxDepth = 32_767;

function obstacle(node: Node, graph: Graph): Reason | undefined {
  const g = geometry(node, graph);
  const types = [g.a, g.b, g.y].map((t) => t.dtype);
  if (!['float32', 'int8', 'int16'].includes(types[0]) || types.some((t) => t !== types[0])) {
    return {
      reason: `there is no kernel for ${types[0]} by ${types[1]} giving ${types[2]}`,
      change: 'use float32, int8 or int16 throughout',
    };
  }
  if (g.batches.dims.length > 1)
    return {
      reason: 'its leading dimensions broadcast in turns',
      change: 'give both inputs the same leading dimensions',
    };
  if (types[0] === 'int16' && [g.a, g.b, g.y].some((t) => scaleOf(node, t).zeroPoint !== 0))
    return { reason: 'its int16 tensors have a zero point', change: 'quantize int16 activations symmetrically' };
  if (types[0] !== 'float32' && g.depth > maxDepth)
    return { reason: `it sums ${g.depth} products, more than ${maxDepth}`, change: 'split it' };
  return undefined;
}

/** TensorFlow Lite's BATCH_MATMUL multiplies the input scales in float32. */
function integerParameters(node: Node, g: Geometry) {
  const [a, b, y] = [g.a, g.b, g.y].map((t) => scaleOf(node, t));
  return {
    a: a.zeroPoint,
    b: b.zeroPoint,
    y: y.zeroPoint,
    factor: (g.a.dtype === 'int16' ? quantizeMultiplier64 : quantizeMultiplier)(
      Math.fround(a.scale * b.scale) / y.scale,
    ),
  };
}

function lower(node: Node, { graph, rounding }: LowerContext): KernelCall {
  const g = geometry(node, graph);
  const type = g.a.dtype as 'float32' | 'int8' | 'int16';
  const held = (name: string, t: Tensor): CStruct['fields'][number] => [
    name,
    t.data ? constant(name, type, t.data, t.shape) : null,
  ];
  const { batches } = g;
  const head: CStruct['fields'] = [
    ['batches', batches.dims[0] ?? 1],
    ['rows', g.rows],
    ['depth', g.depth],
    ['columns', g.columns],
    ['a_batch_stride', (batches.a[0] ?? 0) * g.rows * g.depth],
    ['b_batch_stride', (batches.b[0] ?? 0) * g.depth * g.columns],
    held('a_constant', g.a),
    held('b_constant', g.b),
  ];
  const inputs = [g.a.data ? 1 : 0, g.b.data ? 0 : 1];
  if (type === 'float32') return kernelCall('matmul', ['f32', 'f32'], head, inputs);
  const p = integerParameters(node, g);
  const factor: CStruct['fields'] = [
    ['multiplier', p.factor.multiplier],
    ['shift', p.factor.shift],
  ];
  if (type === 'int16') return kernelCall('matmul', ['s16', 's16'], [...head, ...factor], inputs);
  return kernelCall(
    'matmul',
    ['s8', 's8'],
    [
      ...head,
      ['a_zero_point', p.a],
      ['b_zero_point', p.b],
      ['output_zero_point', p.y],
      ...factor,
      ['rounding', roundingCode(rounding)],
    ],
    inputs,
  );
}

function evaluate(
  node: Node,
  graph: Graph,
  inputs: readonly (TensorData | undefined)[],
  rounding: Rounding,
): TensorData[] {
  const g = geometry(node, graph);
  const [x, y] = [given(node, inputs, 0), given(node, inputs, 1)];
  const float = g.a.dtype === 'float32';
  const out = makeData(g.y.dtype, elementCount(g.shape)) as Float32Array;
  const p = float ? { a: 0, b: 0, y: 0, factor: { multiplier: 0, shift: 0 } } : integerParameters(node, g);
  const rescale = (sum: number): number =>
    g.a.dtype === 'int16' ? requantize64(sum, p.factor) : requantize(sum, p.factor, rounding);
  const { min, max } = float ? { min: 0, max: 0 } : limitsOf(g.y);
  let at = 0;
  forEachPair(g.batches, (i, j) => {
    const [left, right] = [i * g.rows * g.depth, j * g.depth * g.columns];
    for (let r = 0; r < g.rows; r++) {
      for (let c = 0; c < g.columns; c++) {
        let sum = 0;
        for (let k = 0; k < g.depth; k++) {
          const product = (x[left + r * g.depth + k] - p.a) * (y[right + k * g.columns + c] - p.b);
          sum = float ? Math.fround(sum + Math.fround(product)) : sum + product;
        }
        out[at++] = float ? sum : clampTo((rescale(sum) + p.y) | 0, min, max);
      }
    }
  });
  return [out];
}

export const matmul: OpSpec = {
  op: 'matmul',
  infer(node, graph) {
    const g = geometry(node, graph);
    return [{ shape: g.shape, dtype: g.y.dtype }];
  },
  macs(node, graph) {
    const g = geometry(node, graph);
    return elementCount(g.shape) * g.depth;
  },
  unsupported: obstacle,
  lower,
  evaluate: (node, inputs, { graph, rounding }) => evaluate(node, graph, inputs, rounding),
};
